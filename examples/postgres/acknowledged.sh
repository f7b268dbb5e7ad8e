#!/bin/sh
# How many rows the server has acknowledged so far.
printf 'Content-Type: application/json\r\n\r\n{"acknowledged": %d}\n' "$(wc -l </srv/acknowledged)"

#!/bin/sh
# Writes a row after the other for ever, and keeps the number of each that the server has acknowledged.
busybox httpd -p 80 -h /srv
while :; do
  yes 'INSERT INTO written DEFAULT VALUES RETURNING id; SELECT pg_sleep(0.005) \g /dev/null' |
    psql --quiet --no-align --tuples-only --host=postgres >>/srv/acknowledged
  sleep 0.1
done

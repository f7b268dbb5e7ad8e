/**
 * Connects to the host and port among its arguments and passes bytes on, both ways. On stderr it says `found` once the name
 * has led to an address, and then `open` or `no ERRNO WORDS`, each on a line; a name that can't be looked up is `no 0 WORDS`.
 */
export const forwardScript = `
use strict; use Socket qw(:all); use IO::Select;
$SIG{PIPE}="IGNORE"; my($host,$port)=@ARGV; my($no,$why)=(0,"");
sub refuse { syswrite STDERR,"no $_[0] $_[1]\\n"; exit 1 }
my($bad,@found)=getaddrinfo($host,$port,{socktype=>SOCK_STREAM}); refuse(0,$bad) if $bad;
syswrite STDERR,"found\\n";
my $s; $SIG{ALRM}=sub { refuse(110,"no answer") }; alarm 120;
for my $a (@found){
  my $c; if(socket($c,$a->{family},SOCK_STREAM,0) && connect($c,$a->{addr})){ $s=$c; last }
  ($no,$why)=($!+0,"$!");
}
alarm 0; refuse($no,$why) unless $s;
syswrite STDERR,"open\\n";
sub pass { my($to,$b)=@_; my $at=0; while($at<length $b){ my $n=syswrite $to,$b,length($b)-$at,$at; return 0 unless $n; $at+=$n } 1 }
my $r=IO::Select->new($s,\\*STDIN);
while(my @ready=$r->can_read){
  for my $from (@ready){
    my $got=sysread $from,my $b,65536;
    if($from==$s){ exit 0 unless $got && pass(\\*STDOUT,$b) }
    elsif($got){ exit 0 unless pass($s,$b) }
    else { $r->remove($from); shutdown $s,1 }
  }
}
`

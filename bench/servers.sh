# shellcheck shell=sh disable=SC2154
# The commands that start the servers of the benchmark. bench/run sources this file, on the machine
# itself and, with busybox, in the emulated one. server_command NAME VARIANT PORT ROOT TEMP sets
# `command_line`, the command without the prefix that pins it to a CPU, or fails if the server does
# not support the variant:
#   plain   no access log          put   accepts uploads
#   log     access log to a file   two   two workers          cold   like plain
# `bin` is the folder of the built programs, `peers` that of the peers' configurations, `quoitd` the
# program and `quoitd_options` its additional options.

server_command() {
  name=$1 variant=$2 port=$3 root=$4 temp=$5 workers=1
  [ "$variant" != two ] || workers=2
  case $name in
    quoitd) quoitd_command ;;
    quoitd-epoll) quoitd_command --io epoll ;;
    floor)
      case $variant in log | two | cold) return 1 ;; esac
      command_line="$bin/bench_floor $port $root"
      ;;
    nginx)
      configure_peer
      command_line="nginx -e $temp/error.log -c $temp/nginx.conf"
      ;;
    h2o)
      [ "$variant" != put ] || return 1
      configure_peer
      command_line="h2o -c $temp/h2o.conf"
      ;;
    lighttpd)
      configure_peer
      command_line="lighttpd -D -f $temp/lighttpd.conf"
      ;;
    *) return 1 ;;
  esac
}

quoitd_command() {
  command_line="$quoitd --workers $workers --listen 127.0.0.1:$port \
    --max-connections 12000 $quoitd_options $*"
  case $variant in
    log) command_line="$command_line --access-log $temp/access.log" ;;
    put) command_line="$command_line --access-log off --writable" ;;
    *) command_line="$command_line --access-log off" ;;
  esac
  command_line="$command_line $root"
}

configure_peer() {
  log=off # the access_log of nginx
  [ "$variant" != log ] || log="$temp/access.log combined buffer=64k flush=1s"
  sed -e "s|#$variant ||" -e '/^ *#/d' -e "s|ROOT|$root|; s|PORT|$port|; s|WORKERS|$workers|; s|LOG|$log|" \
    -e "s|TEMP|$temp|g" "$peers/$name.conf" >"$temp/$name.conf"
}

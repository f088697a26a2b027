# shellcheck shell=sh disable=SC2154
# The commands that start the servers of the benchmark. bench/run sources this file, on the machine
# itself and, with busybox, in the emulated one. server_command NAME VARIANT PORT ROOT TEMP sets
# `command_line`, the command without the prefix that pins it to a CPU, or fails if the server does
# not support the variant:
#   plain   no access log          put   accepts uploads
#   log     access log to a file   two   two workers          cold   like plain
#   tls-ec, tls-rsa   TLS with a key of that kind             users  tls-ec, with users
# `bin` is the folder of the built programs, `peers` that of the peers' configurations, `keys` that of
# certificates and keys, `host` the address to listen on, `quoitd` the program and `quoitd_options` its
# additional options.

server_command() {
  name=$1 variant=$2 port=$3 root=$4 temp=$5 workers=1
  [ "$variant" != two ] || workers=2
  case $name in
    quoitd) quoitd_command ;;
    quoitd-epoll) quoitd_command --io epoll ;;
    floor)
      case $variant in log | two | cold | tls-* | users) return 1 ;; esac
      command_line="$bin/bench_floor $port $root"
      ;;
    nginx)
      [ "$variant" != users ] || return 1
      configure_peer
      command_line="nginx -e $temp/error.log -c $temp/nginx.conf"
      ;;
    h2o)
      case $variant in put | tls-* | users) return 1 ;; esac
      configure_peer
      command_line="h2o -c $temp/h2o.conf"
      ;;
    lighttpd)
      case $variant in tls-* | users) return 1 ;; esac
      configure_peer
      command_line="lighttpd -D -f $temp/lighttpd.conf"
      ;;
    *) return 1 ;;
  esac
}

quoitd_command() {
  command_line="$quoitd --workers $workers --listen $host:$port \
    --max-connections 12000 $quoitd_options $*"
  case $variant in
    log) command_line="$command_line --access-log $temp/access.log" ;;
    put) command_line="$command_line --access-log off --writable" ;;
    *) command_line="$command_line --access-log off" ;;
  esac
  case $variant in
    tls-*) tls_options "${variant#tls-}" ;;
    users) tls_options ec --users "$peers/users" ;;
  esac
  command_line="$command_line $root"
}

# tls_options KIND OPTION...: the certificate and the key of that kind.
tls_options() {
  command_line="$command_line --tls-cert $keys/$1.pem --tls-key $keys/$1.key"
  shift
  command_line="$command_line $*"
}

configure_peer() {
  log=off # the access_log of nginx
  [ "$variant" != log ] || log="$temp/access.log combined buffer=64k flush=1s"
  address=$port
  case $variant in tls-*) address="$port ssl" ;; esac
  sed -e "s|#${variant%%-*} ||" -e '/^ *#/d' -e "s|WORKERS|$workers|; s|LOG|$log|" \
    -e "s|ROOT|$root|; s|HOST|$host|; s|PORT|$address|; s|CERTIFICATE|$keys/${variant#tls-}|" \
    -e "s|TEMP|$temp|g" "$peers/$name.conf" >"$temp/$name.conf"
}

// bench_tls: the load generator of ./dev bench --tls, one case a run.
//
//   bench_tls CASE --port N --pid SERVER [--seconds S]
//
//   full-1.2 full-1.3 resumed-1.2 resumed-1.3   handshakes with a GET of 1 KiB
//   kept kept-10m                               GETs of 1 KiB and of 10 MiB on kept connections
//   idle                                        memory of 10,000 idle connections
//   beside                                      response times while 200 handshakes a second arrive
//   passwords passwords-spread                  the same with 100 wrong passwords a second, from
//   one
//                                               address and from 250
//
// Prints one line of name=value pairs.
#include <cstdio>
#include <cstdlib>
#include <getopt.h>
#include <string>

#include "bench/load/socket.h"
#include "bench/tls/beside.h"
#include "bench/tls/client.h"
#include "bench/tls/streams.h"

namespace load {
namespace {

Target read_options(int count, char** arguments) {
  static const option names[] = {{"port", required_argument, nullptr, 'p'},
                                 {"pid", required_argument, nullptr, 's'},
                                 {"seconds", required_argument, nullptr, 't'},
                                 {nullptr, 0, nullptr, 0}};
  Target target;
  for (int c = 0; (c = getopt_long(count, arguments, "", names, nullptr)) != -1;) {
    switch (c) {
      case 'p': target.port = static_cast<std::uint16_t>(std::atoi(optarg)); break;
      case 's': target.server = std::atoi(optarg); break;
      case 't': target.seconds = std::atof(optarg); break;
      default: std::exit(64);
    }
  }
  return target;
}

int run(int count, char** arguments) {
  if (count < 2) return 64;
  const std::string name = arguments[1];
  const Target target = read_options(count - 1, arguments + 1);
  raise_file_limit();
  const bool is_old = name.ends_with("-1.2");
  const auto context =
      client_context(is_old ? crypto::TlsVersion::tls_1_2 : crypto::TlsVersion::tls_1_3);
  wait_for_listener(target.port);
  const bool checks_passwords = name.starts_with("passwords");
  if (checks_passwords) share_time_of_new_threads(target.server);
  // The processes of a server have all started once it has answered.
  Shared shared;
  Client(*context, target.port, shared).exchange(small_request);
  if (name.starts_with("full-")) return measure_handshakes(*context, target, false);
  if (name.starts_with("resumed-")) return measure_handshakes(*context, target, true);
  if (name == "kept") return measure_kept(*context, target, "/1k", 64);
  if (name == "kept-10m") return measure_kept(*context, target, "/10m", 4);
  if (name == "idle") return measure_idle_tls(*context, target, 10000);
  if (name == "beside") return measure_beside_handshakes(*context, target, 200);
  if (name == "passwords") return measure_beside_passwords(*context, target, 100, 1);
  if (name == "passwords-spread") return measure_beside_passwords(*context, target, 100, 250);
  std::fprintf(stderr, "bench_tls: no case '%s'\n", name.c_str());
  return 64;
}

}  // namespace
}  // namespace load

int main(int count, char** arguments) { return load::run(count, arguments); }

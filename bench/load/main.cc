// bench_load: the load generator of ./dev bench, one case a run.
//
//   bench_load CASE --port N [--pid SERVER] [--warm N] [--requests N] [--seconds S]
//   bench_load idle --port N --pid SERVER [--requests CONNECTIONS]
//   bench_load cold --port N --pid SERVER --file PATH [--seconds S]
//   bench_load start --port N [--requests ROUNDS] [--file MAPS] -- COMMAND [ARGUMENT...]
//   bench_load whole COMMAND [ARGUMENT...]  one run of a program, such as a client
//   bench_load site FOLDER                  create the files; cold-file PATH BYTES: the big file
//   bench_load list
//
// Prints one line of name=value pairs. Without --requests and --seconds, the numbers of the case
// apply, which are meant for the emulator; with --seconds, the limit reached first ends the run.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <getopt.h>
#include <string>

#include "bench/load/cases.h"
#include "bench/load/counters.h"
#include "bench/load/site.h"
#include "bench/load/socket.h"
#include "bench/load/special.h"
#include "bench/load/stream.h"
#include "bench/load/whole.h"

namespace load {
namespace {

struct Options {
  std::uint16_t port = 0;
  pid_t server = 0;
  std::uint64_t warm = 0;
  std::uint64_t requests = 0;
  double seconds = 0;
  std::string file;
  std::uint64_t nanoseconds() const { return static_cast<std::uint64_t>(seconds * 1e9); }
};

Options read_options(int count, char** arguments) {
  static const option names[] = {
      {"port", required_argument, nullptr, 'p'},    {"pid", required_argument, nullptr, 's'},
      {"warm", required_argument, nullptr, 'w'},    {"requests", required_argument, nullptr, 'n'},
      {"seconds", required_argument, nullptr, 't'}, {"file", required_argument, nullptr, 'f'},
      {"host", required_argument, nullptr, 'h'},    {nullptr, 0, nullptr, 0}};
  Options options;
  for (int c = 0; (c = getopt_long(count, arguments, "", names, nullptr)) != -1;) {
    switch (c) {
      case 'p': options.port = static_cast<std::uint16_t>(std::atoi(optarg)); break;
      case 's': options.server = std::atoi(optarg); break;
      case 'w': options.warm = std::strtoull(optarg, nullptr, 10); break;
      case 'n': options.requests = std::strtoull(optarg, nullptr, 10); break;
      case 't': options.seconds = std::atof(optarg); break;
      case 'f': options.file = optarg; break;
      case 'h':
        if (!use_host(optarg)) std::exit(64);
        break;
      default: std::exit(64);
    }
  }
  return options;
}

Limits limits_for(const Case& c, const Options& options) {
  Limits limits{.warm = c.warm, .requests = c.requests, .nanoseconds = options.nanoseconds()};
  if (options.warm > 0) limits.warm = options.warm;
  if (options.seconds > 0) limits.requests = ~0ull;
  if (options.requests > 0) limits.requests = options.requests;
  return limits;
}

int run_case(const Case& c, const Options& options) {
  std::string tag;
  if (c.kind == Kind::revalidate) {
    tag = field_of(head_of_answer(options.port, "GET /1k HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"),
                   "ETag");
  }
  const Counters counters(options.server);
  Stream stream(c, options.port, tag, counters);
  const Outcome o = stream.run(limits_for(c, options));
  const double requests = static_cast<double>(o.requests);
  std::printf(
      "marked=1 requests=%lu errors=%lu seconds=%.3f rate=%.0f p50_us=%.1f p99_us=%.1f cpu_us=%.3f",
      o.requests, o.errors, static_cast<double>(o.nanoseconds) / 1e9,
      requests * 1e9 / static_cast<double>(o.nanoseconds),
      static_cast<double>(o.times.at(0.5)) / 1e3, static_cast<double>(o.times.at(0.99)) / 1e3,
      static_cast<double>(o.server.cpu_ns) / requests / 1e3);
  if (counters.hardware()) {
    std::printf(" user=%lu kernel=%lu cycles=%lu", o.server.user_instructions,
                o.server.kernel_instructions, o.server.cycles);
  }
  std::printf("\n");
  return o.errors == 0 ? 0 : 2;
}

int run(int count, char** arguments) {
  if (count < 2) return 64;
  const std::string name = arguments[1];
  if (name == "list") {
    for (const Case& c : all_cases())
      std::printf("%.*s\n", static_cast<int>(c.name.size()), c.name.data());
    return 0;
  }
  if (name == "whole" && count > 2) {
    // Including the null pointer that ends the arguments.
    return measure_whole({arguments + 2, static_cast<std::size_t>(count - 1)});
  }
  if (name == "site" && count == 3) return make_site(arguments[2]);
  if (name == "cold-file" && count == 4) {
    return make_cold_file(arguments[2], std::strtoul(arguments[3], nullptr, 10));
  }
  raise_file_limit();
  const Options options = read_options(count - 1, arguments + 1);
  const int rest = optind + 1;
  const auto number = [&](unsigned otherwise) {
    return options.requests > 0 ? static_cast<unsigned>(options.requests) : otherwise;
  };
  if (name != "start") wait_for(options.port);
  if (name == "idle") return measure_idle(options.port, options.server, number(10000));
  if (name == "cold") {
    return measure_cold(options.port, options.server, options.file, options.nanoseconds());
  }
  if (name == "start") {
    // Including the null pointer that ends the arguments.
    return measure_start(options.port, number(1),
                         {arguments + rest, static_cast<std::size_t>(count - rest + 1)},
                         options.file);
  }
  const Case* c = find_case(name);
  if (c) return run_case(*c, options);
  std::fprintf(stderr, "bench_load: no case '%s'\n", name.c_str());
  return 64;
}

}  // namespace
}  // namespace load

int main(int count, char** arguments) { return load::run(count, arguments); }

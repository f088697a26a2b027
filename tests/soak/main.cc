// soak: clients that read, write and remove files at random, while the server is reloaded, paused,
// restarted, killed and replaced; every answer is compared with a model.
//
// The last quarter is quiet: nothing disturbs the server, whose memory must not grow any more. At
// the end no client is connected, and the server must have as many descriptors as after its start,
// and no temporary files. The counters of /metrics never go back and agree with what a client has
// sent. Run by ./dev soak, and for a fixed number of
// requests by tests/soak/CMakeLists.txt.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "parser/splitmix64.h"
#include "tests/soak/client.h"
#include "tests/soak/content.h"
#include "tests/soak/model.h"
#include "tests/soak/report.h"
#include "tests/soak/scraper.h"
#include "tests/soak/server.h"
#include "tests/support/eventually.h"

namespace soak {
namespace {

using test_support::eventually;
using Clock = std::chrono::steady_clock;

struct Options {
  std::string program;
  std::string io = "auto";
  double seconds = 600;
  std::uint64_t requests = 0;  // 0: until the time is over
  std::uint64_t seed = 1;
  std::size_t clients = 8;
  std::vector<std::string> without;  // disturbances that are left out
  std::vector<std::string> server;
};

constexpr const char* usage =
    "soak --quoitd PROGRAM [--io auto|ring|epoll] [--seconds S | --requests N] [--seed N]\n"
    "     [--clients N] [--without DISTURBANCE]... [-- OPTION...]\n"
    "OPTIONs go to quoitd; a DISTURBANCE is reload, rotate, replace, kill, restart or pause\n";

std::optional<Options> read_options(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--") {
      options.server.assign(argv + i + 1, argv + argc);
      break;
    }
    if (++i == argc) return {};
    const std::string value = argv[i];
    if (name == "--quoitd")
      options.program = value;
    else if (name == "--io")
      options.io = value;
    else if (name == "--seconds")
      options.seconds = std::atof(value.c_str());
    else if (name == "--requests")
      options.requests = std::strtoull(value.c_str(), nullptr, 10);
    else if (name == "--seed")
      options.seed = std::strtoull(value.c_str(), nullptr, 10);
    else if (name == "--clients")
      options.clients = std::max(1UL, std::strtoul(value.c_str(), nullptr, 10));
    else if (name == "--without")
      options.without.push_back(value);
    else
      return {};
  }
  if (options.program.empty()) return {};
  return options;
}

class Soak {
 public:
  explicit Soak(const Options& options)
      : options_(options),
        random_(options.seed),
        server_({.program = options.program, .io = options.io, .more = options.server}) {}

  // The exit status of the program.
  int run();

 private:
  double progress();
  bool disturb();
  bool rough_time();
  void quiet_time();
  void check_usage(const Usage& first, const Usage& last);
  void check_descriptors(const Usage& unused);
  void check_counters();
  void check_files();
  void stop_clients();

  const Options options_;
  http1::SplitMix64 random_;
  Report report_;
  Model model_{1000};
  Server server_;
  Scraper scraper_{server_, report_};
  std::atomic<bool> ends_ = false;
  std::list<Client> clients_;
  std::vector<std::thread> threads_;
  const Clock::time_point start_ = Clock::now();
};

// From 0 to 1: how much of the time, or of the requests, is over.
double Soak::progress() {
  if (options_.requests > 0) {
    return static_cast<double>(report_.operations()) / static_cast<double>(options_.requests);
  }
  return std::chrono::duration<double>(Clock::now() - start_).count() / options_.seconds;
}

// One disturbance, chosen at random. False: the server did not survive it.
bool Soak::disturb() {
  struct Kind {
    const char* name;
    std::size_t weight;
    bool (Server::*function)();
  };
  static constexpr std::array kinds = {
      Kind{"reload", 4, &Server::reload},       Kind{"rotate", 3, &Server::rotate},
      Kind{"pause", 3, &Server::pause},         Kind{"replace", 2, &Server::replace},
      Kind{"kill", 1, &Server::kill_and_start}, Kind{"restart", 1, &Server::stop_and_start},
  };
  std::size_t chosen = random_.below(14);  // the sum of the weights
  const auto* kind = kinds.begin();
  for (; chosen >= kind->weight; ++kind) chosen -= kind->weight;
  const auto& without = options_.without;
  if (std::find(without.begin(), without.end(), kind->name) != without.end()) return true;
  report_.print(kind->name);
  report_.count(kind->name);
  return (server_.*kind->function)();
}

bool Soak::rough_time() {
  while (progress() < 0.75 && !report_.has_failed()) {
    if (!disturb()) {
      report_.fail("quoitd has not survived this:\n" + server_.messages());
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(random_.below(1000)));
  }
  return true;
}

void Soak::quiet_time() {
  while (progress() < 0.85 && !report_.has_failed()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  const Usage first = server_.usage();
  while (progress() < 1 && !report_.has_failed()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  const Usage last = server_.usage();
  stop_clients();
  check_usage(first, last);
  check_counters();
}

// The memory may grow by a twentieth and by 16 MiB, because the clients' large requests do not come
// at the same rate at both times.
void Soak::check_usage(const Usage& first, const Usage& last) {
  constexpr std::uint64_t slack = 16 * 1024 * 1024;
  report_.print("memory " + std::to_string(first.memory_bytes / 1024) + " KiB, then " +
                std::to_string(last.memory_bytes / 1024) + " KiB");
  if (last.memory_bytes > first.memory_bytes + first.memory_bytes / 20 + slack)
    report_.fail("the memory grows");
}

void Soak::stop_clients() {
  ends_ = true;
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

// One client is enough to compare its requests with the server's counters, one by one.
void Soak::check_counters() {
  constexpr int steps = 500;
  scraper_.begin_count();
  for (int i = 0; i < steps && !report_.has_failed(); ++i) clients_.front().step();
  clients_.front().run(ends_);  // closes its connection
  scraper_.check_count();
}

// Without clients, the server closes files that it keeps open after some seconds.
void Soak::check_descriptors(const Usage& unused) {
  constexpr auto limit = std::chrono::seconds(120);
  // Directories and files that two workers keep open, and the pipes of their engines, which the
  // first large body opens (uring/page_pipe.h).
  constexpr std::size_t slack = 4 + 2 * 2;
  const Clock::time_point end = Clock::now() + limit;
  Usage now = server_.usage();
  while (now.descriptors > unused.descriptors + slack && Clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    now = server_.usage();
  }
  report_.print("descriptors " + std::to_string(unused.descriptors) + " at the start, " +
                std::to_string(now.descriptors) + " at the end; threads " +
                std::to_string(unused.threads) + " and " + std::to_string(now.threads));
  if (now.descriptors > unused.descriptors + slack) report_.fail("descriptors stay open");
}

// What is on the disk is what the model allows.
void Soak::check_files() {
  for (std::size_t name = 0; name < model_.names(); ++name) {
    const std::vector<Version> versions = model_.possible(name);
    const std::string path = "d" + std::to_string(name % 10) + "/f" + std::to_string(name);
    const std::optional<std::string> bytes = server_.root().read(path);
    const bool is_possible = std::any_of(versions.begin(), versions.end(), [&](Version version) {
      if (version == absent) return !bytes;
      return bytes && bytes->size() == size_of(version) && is_part_of(version, 0, *bytes);
    });
    if (!is_possible) report_.fail(path + " has other bytes on the disk");
  }
}

int Soak::run() {
  report_.print("seed " + std::to_string(options_.seed) + ", engine " + options_.io);
  for (int directory = 0; directory < 10; ++directory)
    server_.root().make_directory("d" + std::to_string(directory));
  if (!server_.start()) {
    report_.fail("quoitd does not start:\n" + server_.messages());
    return 1;
  }
  const Usage unused = server_.usage();
  for (std::size_t i = 0; i < options_.clients; ++i)
    clients_.emplace_back(server_, model_, report_, options_.seed, i, options_.clients);
  threads_.emplace_back([&] { scraper_.run(ends_); });
  for (Client& client : clients_) threads_.emplace_back([&] { client.run(ends_); });
  const bool survives = rough_time();
  if (survives) quiet_time();
  stop_clients();
  if (survives) {
    check_descriptors(unused);
    if (!server_.kill_and_start()) report_.fail("no start at the end:\n" + server_.messages());
    if (!eventually([&] { return server_.temporaries().empty(); }))
      report_.fail("a temporary file stays: " + server_.temporaries().front());
    if (!server_.stop()) report_.fail("quoitd does not end with 0:\n" + server_.messages());
    check_files();
  }
  report_.print(std::to_string(report_.errors()) + " errors;" + report_.text());
  if (!report_.has_failed()) return 0;
  report_.print("messages of quoitd:\n" + server_.messages());
  std::printf("the same requests again: --seed %llu --io %s\n",
              static_cast<unsigned long long>(options_.seed), options_.io.c_str());
  return 1;
}

}  // namespace
}  // namespace soak

int main(int argc, char** argv) {
  const std::optional<soak::Options> options = soak::read_options(argc, argv);
  if (!options) {
    std::fputs(soak::usage, stderr);
    return 64;
  }
  return soak::Soak(*options).run();
}

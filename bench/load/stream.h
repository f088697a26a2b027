// A stream of one case's requests over many connections, from one thread, by count or by time.
//
// The status and the length of every response are checked. Tried by ./dev bench.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "bench/load/cases.h"
#include "bench/load/counters.h"
#include "bench/load/histogram.h"
#include "parser/message.h"

namespace load {

struct Limits {
  std::uint64_t warm = 0;      // requests before the measured ones; 0: connecting is measured too
  std::uint64_t requests = 0;  // measured ones, unless the time ends before
  std::uint64_t nanoseconds = 0;
};

struct Outcome {
  std::uint64_t requests = 0;
  std::uint64_t nanoseconds = 0;
  std::uint64_t errors = 0;  // wrong responses, broken connections
  Usage server;
  Histogram times;
};

class Stream {
 public:
  Stream(const Case& of, std::uint16_t port, std::string_view tag, const Counters& server);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  Outcome run(const Limits& limits);

 private:
  struct Connection;

  void open(Connection& c);
  void begin(Connection& c);
  void send(Connection& c);
  void receive(Connection& c);
  bool take(Connection& c, std::size_t& at, std::size_t end);
  void answered(Connection& c);
  void fail(Connection& c, const char* what);
  void begin_measuring();
  bool measured_enough();
  void nothing_since(std::uint64_t nanoseconds);
  void finish();

  const Case& case_;
  std::uint16_t port_;
  const Counters& counters_;
  Requests requests_;
  int epoll_ = -1;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::unique_ptr<char[]> room_;    // received bytes; an incomplete head is stored elsewhere
  std::unique_ptr<char[]> upload_;  // bytes of every upload
  http1::ResponseHead head_;
  Limits limits_;
  Outcome outcome_;
  std::uint64_t answered_ = 0;  // since start
  std::uint64_t began_ns_ = 0;
  Usage before_;
  bool measuring_ = false;
  bool done_ = false;
};

}  // namespace load

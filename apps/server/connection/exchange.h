// Exchange: the state of one client while its requests are served.
//
// A connection borrows an Exchange with the first byte of a request and gives it back when the last
// response has left and nothing more has arrived, so that an idle connection costs none of this.
// The state stands in groups, and a function takes the groups that it touches: Input (bytes
// received), Request (what is asked), Source (where content comes from), Output (bytes on their way
// out) and Scratch (memory for intermediate results). Covered by
// tests/server/connection/connection_test.cc.
#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "apps/server/connection/pace.h"
#include "apps/server/connection/scratch.h"
#include "apps/server/files/cached_file.h"
#include "apps/server/listen/peer.h"
#include "apps/server/log/log_line.h"
#include "apps/server/pages/generated.h"
#include "apps/server/plan/intent.h"
#include "apps/server/plan/plan.h"
#include "apps/server/plan/site.h"
#include "parser/message.h"
#include "uring/io.h"

namespace server {

// Bytes received and not yet used. They lie where the engine put them (a provided buffer, which
// must be given back) or in memory of the exchange, where a head arrived in pieces. Functions on it
// are in input.h.
struct Input {
  char* data = nullptr;
  std::size_t begin = 0;  // of the bytes not yet used
  std::size_t end = 0;
  std::uint16_t buffer = uring::no_buffer;  // the provided buffer that `data` points into

  std::unique_ptr<char[]> memory;  // for heads in pieces, from the first one on
  std::size_t memory_bytes = 0;

  std::string_view unused() const { return {data + begin, end - begin}; }
};

// One request, from its first byte to the plan of its response.
struct Request {
  http1::RequestHead head;
  Intent intent;
  std::int64_t began_us = 0;              // when its first byte was there, on the monotonic clock
  uring::Milliseconds began_ms = 0;       // the same moment on the loop's clock
  uring::Milliseconds body_began_ms = 0;  // when receiving its body began, on the loop's clock
  bool body_taken = false;                // its body was received, or the attempt has failed
};

// Where the content of a response comes from; at most one of the three. Given up by close_source()
// when the content is sent or copied.
struct Source {
  int file = -1;                         // an open file
  CachedFile* cached = nullptr;          // a file of the cache, pinned
  std::unique_ptr<Generated> generated;  // content that is written as it is sent
};

// A response that is not yet logged, until it is known how much of it was sent.
struct Answered {
  LogRecord record;
  std::uint64_t body_begin = 0;  // where its body begins in the stream of sent bytes
  std::uint64_t end = 0;         // where it ends there
  std::int64_t began_us = 0;
};

// Responses on their way to the peer. They gather in `block`, and leave in one send together with
// `direct`, bytes that are sent from where they are, without a copy.
//
// Invariant, see is_consistent(): the stream of a connection is sent bytes, then gathered bytes,
// then direct bytes, then content that is announced and not yet gathered. Nothing is gathered while
// there are direct bytes.
struct Output {
  std::span<char> block;     // from the block pool, while the exchange is lent; bodies arrive in it
                             // while nothing is gathered
  std::size_t gathered = 0;  // bytes at its front
  std::string_view direct;   // of Source::cached
  std::uint64_t queued = 0;  // bytes of all responses begun on this connection
  std::uint64_t sent = 0;    // bytes of these that the kernel has taken
  Pace pace;                 // waits() while a send is incomplete
  std::vector<Answered> answered;  // at most most_answered
  uring::Gather message;           // a send of more than one piece

  // Responses that leave in one send at most: bounds the memory that pipelined requests can hold.
  static constexpr std::size_t most_answered = 64;

  std::span<char> space() const { return block.subspan(gathered); }
  std::string_view unsent() const { return {block.data(), gathered}; }
  bool has_unsent() const { return gathered > 0 || !direct.empty(); }
  // Copies `bytes`, for which there is space, behind the gathered ones.
  void append(std::string_view bytes) {
    assert(bytes.size() <= block.size() - gathered && direct.empty());
    bytes.copy(block.data() + gathered, bytes.size());
    gathered += bytes.size();
  }
  // For assertions, between two steps.
  bool is_consistent() const {
    return gathered <= block.size() && sent + gathered + direct.size() <= queued &&
           answered.size() <= most_answered;
  }
};

struct LiveSite;

struct Exchange {
  Input in;
  Request request;
  Plan plan;  // the response
  Source source;
  Output out;
  Scratch scratch;
  const Site* site = nullptr;     // what the request is judged by, chosen when it begins
  LiveSite* live_site = nullptr;  // keeps `site` alive
  Exchange* next_idle = nullptr;  // in the worker's list, while lent to no connection
  PeerText remote{};              // the peer's address, where a log is written
};

}  // namespace server

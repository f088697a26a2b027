// Exchange: the state of a connection while its requests are served.
//
// A connection borrows an Exchange with the first byte of a request and gives it back when the last
// response was sent and no more bytes have arrived, so that an idle connection needs no memory for
// it. The members form groups, and a function takes the groups that it uses: Input (received
// bytes), Request (the parsed request), Source (the origin of the content), Output (bytes to send)
// and Scratch (memory for intermediate results). Covered by tests/server/connection/.
#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "apps/server/connection/counters.h"
#include "apps/server/connection/pace.h"
#include "apps/server/connection/scratch.h"
#include "apps/server/connection/streamed.h"
#include "apps/server/files/cached_file.h"
#include "apps/server/log/log_line.h"
#include "apps/server/pages/generated.h"
#include "apps/server/plan/intent.h"
#include "apps/server/plan/peer.h"
#include "apps/server/plan/plan.h"
#include "apps/server/plan/rules.h"
#include "apps/server/plan/site.h"
#include "parser/message.h"
#include "uring/io.h"

namespace server {

// Bytes that were received and not yet used. They are in a provided buffer of the engine, which has
// to be recycled, or, if a head arrived in pieces, in memory of the exchange. The functions on it
// are in input.h.
struct Input {
  char* data = nullptr;
  std::size_t begin = 0;  // of the bytes not yet used
  std::size_t end = 0;
  std::uint16_t buffer = uring::no_buffer;  // the provided buffer that `data` points into

  std::unique_ptr<char[]> memory;  // for heads in pieces; allocated for the first one and kept
  std::size_t memory_bytes = 0;

  std::string_view unused() const { return {data + begin, end - begin}; }
};

// One request, from its first byte to the plan of its response.
struct Request {
  http1::RequestHead head;
  Intent intent;
  std::int64_t began_us = 0;              // when its first byte arrived, on the monotonic clock
  uring::Milliseconds began_ms = 0;       // when its first byte arrived, on the loop's clock
  uring::Milliseconds body_began_ms = 0;  // when receiving its body began, on the loop's clock
  bool body_taken = false;                // its body was received, or receiving it has failed
  bool is_cut_off = false;                // of its body, only bytes count that have arrived
  std::string_view user;  // the verified name of the asker, in Exchange::user_name; empty: none
};

// The origin of a response's content; at most one of them. close_source() closes it when the
// content is sent or copied; gather_streamed() takes `streamed`.
struct Source {
  int file = -1;                         // an open file, owned
  CachedFile* cached = nullptr;          // a file of the file cache, pinned
  std::unique_ptr<Generated> generated;  // content that is generated while it is sent
  std::unique_ptr<Streamed> streamed;    // content that a thread makes while it is sent
};

// A response that cannot be logged or counted yet, because it is not known how much of it will be
// sent.
struct UnloggedResponse {
  LogRecord record;              // only `status` is set if there is no access log
  MethodLabel method{};          // of the request
  std::uint32_t head_bytes = 0;  // of the request; 0 if it is not valid
  std::uint64_t begin = 0;       // the position of its head in the stream of sent bytes
  std::uint64_t body_begin = 0;  // the position of its body there
  std::uint64_t end = 0;         // the position of its end there
  std::int64_t began_us = 0;     // Request::began_us
  std::size_t fields = 0;        // the number of its values in Output::logged_fields
  bool is_logged = false;        // the access log gets a line
  bool has_begun = false;        // its first byte was sent, and that was counted
};

// The bytes to send. Responses are gathered in `block` and sent together with `direct`, bytes that
// are sent without a copy.
//
// Invariant, see is_consistent(): the stream of a connection consists of sent bytes, gathered
// bytes, direct bytes, and content that a head announces and that is not gathered yet, in this
// order. Nothing is gathered while there are direct bytes.
struct Output {
  std::span<char> block;     // from the block pool, while the exchange is lent; request bodies are
                             // received into it while nothing is gathered
  std::size_t gathered = 0;  // the number of gathered bytes, at the front of `block`
  std::string_view direct;   // of Source::cached
  std::uint64_t queued = 0;  // the bytes of all responses since the exchange was borrowed
  std::uint64_t sent = 0;    // the number of these bytes that the kernel has accepted
  Pace pace;                 // is_waiting() while a send is incomplete
  std::vector<UnloggedResponse> unlogged;  // at most most_unlogged
  // For each of them the values of LogFormat::fields(), in their order.
  std::vector<std::string_view> logged_fields;
  uring::Gather message;  // a send of more than one piece

  // The most responses in one send, a bound on the memory that pipelined requests can take.
  static constexpr std::size_t most_unlogged = 64;

  std::span<char> space() const { return block.subspan(gathered); }
  std::string_view unsent() const { return {block.data(), gathered}; }
  bool has_unsent() const { return gathered > 0 || !direct.empty(); }
  // Copies `bytes` behind the gathered ones. The caller has checked that they fit.
  void append(std::string_view bytes) {
    assert(bytes.size() <= block.size() - gathered && direct.empty());
    bytes.copy(block.data() + gathered, bytes.size());
    gathered += bytes.size();
  }
  // Whether the invariant holds; for assertions.
  bool is_consistent() const {
    return gathered <= block.size() && sent + gathered + direct.size() <= queued &&
           unlogged.size() <= most_unlogged;
  }
};

struct LiveGeneration;

// The longest verified name: that of a certificate.
inline constexpr std::size_t most_user_bytes = certificate_prefix.size() + most_name_bytes;

struct Exchange {
  Input in;
  Request request;
  Plan plan;  // the response
  Source source;
  Output out;
  Scratch scratch;
  LiveGeneration* live = nullptr;  // the generation that the request began with
  const Site* site = nullptr;      // its Site
  Exchange* next_idle = nullptr;   // a link of the worker's list, while not lent
  uring::FrameStack frames;        // of the coroutines that serve() calls meanwhile
  std::array<char, 32> made_id{};  // RequestIds::make(); Plan::request_id may be a view of it
  std::array<char, most_user_bytes> user_name;  // Request::user may be a view of it
  PeerText remote{};                            // the client's address; only if a log is written
  PeerText peer{};  // the address of the other end of the connection; only if a log contains it
};

}  // namespace server

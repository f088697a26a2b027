// Connection and Exchange: what one client costs while it waits, and while it is served.
//
// A connection that waits for its next request is small: a descriptor, an Io and an address. With
// the first byte of a request it borrows an Exchange, which has room for the head, the path, the
// answer and a block for bodies; when the last answer is out and nothing more has arrived, it gives
// it back. All that happens to a connection happens in the coroutine serve().
// Covered by tests/server/connection_test.cc and tests/end_to_end/.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "apps/server/access_log.h"
#include "apps/server/address_counts.h"
#include "apps/server/pace.h"
#include "apps/server/plan.h"
#include "parser/message.h"
#include "uring/io.h"
#include "uring/task.h"

namespace server {

struct CachedFile;
struct Service;

// Bytes received and not yet used. They lie where the engine put them (a provided buffer, which
// must be given back) or in the exchange's own memory, when a head arrived in pieces.
struct Input {
  char* data = nullptr;
  std::size_t begin = 0;  // of what is not yet used
  std::size_t end = 0;
  std::uint16_t buffer = uring::no_buffer;  // the provided buffer that `data` is

  std::string_view unused() const { return {data + begin, end - begin}; }
};

// What the log will say of an answer, until it is known how much of it was sent.
struct Answered {
  LogRecord record;
  std::uint64_t body_begin = 0;  // where its body begins in the stream of sent bytes
  std::uint64_t end = 0;         // and where it ends
  std::int64_t began_us = 0;
};

struct Exchange {
  http1::RequestHead head;
  Input input;
  Exchange* next_idle = nullptr;  // in the service's list, while lent to nobody
  Intent intent;
  Plan plan;
  int file = -1;                 // the file that Plan::content is; closed when its bytes are queued
  CachedFile* cached = nullptr;  // or this one, pinned until then
  std::unique_ptr<Listing> listing;  // the same of a directory; gone when its rows are queued

  std::span<char> block;     // where answers gather, and bodies arrive while no answer waits
  std::size_t gathered = 0;  // bytes of answers in the block
  // Bytes of `cached` that leave behind those of the block, if there are any, from where they lie.
  // Nothing is gathered before they have left.
  std::string_view direct;
  std::uint64_t queued = 0;          // bytes gathered in all, on this connection
  std::uint64_t sent = 0;            // bytes of those that were sent
  Pace pace;                         // how the peer takes them; waits() while some are half out
  std::int64_t began_us = 0;         // when this request's first byte was there
  uring::Milliseconds began_ms = 0;  // the same, on the loop's clock
  uring::Milliseconds body_began_ms = 0;  // when receiving its body began, on the loop's clock
  bool body_taken = false;                // somebody has received its body, or tried
  std::vector<Answered> answered;         // answers not yet logged, at most `most_answered`
  uring::Gather message;                  // a send of more than the block

  std::array<char, 48> remote{};  // the peer's address as text, NUL-terminated, where logs want it

  std::unique_ptr<char[]> own_memory;  // for heads in pieces: own_bytes
  std::size_t own_bytes = 0;
  std::array<char, path_room_bytes> path_room;
  std::array<char, 16384> text_room;
  std::array<http1::ByteRange, most_ranges> range_room;
  Boundary boundary;

  // Answers that leave in one send at most: bounds what a flood of pipelined requests holds.
  static constexpr std::size_t most_answered = 64;
};

// Who is at the other end, in few bytes.
struct Peer {
  std::array<unsigned char, 16> address{};  // IPv6, or IPv4 in the first four
  enum class Family : std::uint8_t { local, v4, v6 } family = Family::local;
};

struct Connection {
  Connection(Service& owner, int socket);
  uring::FramePool& frames();

  uring::Io io;
  Service& service;
  Exchange* exchange = nullptr;  // null while waiting for a request
  int fd;
  std::uint32_t requests = 0;  // answered so far
  AddressCounts::Slot counted = AddressCounts::uncounted;
  Peer peer;
  bool open : 1 = true;      // serve() goes on
  bool lingers : 1 = false;  // the peer may still be sending: close gently
  bool starved : 1 = false;  // no provided buffer was left: receive into own memory
  bool refused : 1 = false;  // over a connection limit: 503 and close
};

// The corridor: serves the requests of `c` until either side ends the connection, closes it and
// gives `c` back to its service.
uring::Task<> serve(Connection& c);

// --- The steps of serve(), for its neighbours in find.cc, receive.cc, respond.cc and upload.cc.
// ---

// Gives all bytes gathered for sending to the peer. False: the connection is broken.
uring::Task<bool> flush(Connection& c);

// The answers gathered so far.
inline std::string_view unsent(const Exchange& x) { return {x.block.data(), x.gathered}; }
inline bool has_unsent(const Exchange& x) { return x.gathered > 0 || !x.direct.empty(); }

// Begins to send all that has_unsent().
uring::Io::Pending send_all(Connection& c);

// Takes note that the peer's bytes came: with their deadline at the latest.
void note_received(Connection& c);

// The same with `rest` behind them.
uring::Task<bool> flush_with(Connection& c, std::string_view rest);

// Takes note of what became of a send: what is left of it stays gathered, and in `rest`, while the
// peer takes on. False: the connection is broken.
bool note_sent(Connection& c, uring::Result result, std::string_view& rest);
// The same of a send of all that has_unsent().
void note_all_sent(Connection& c, uring::Result result);

// Gives up what the content of an answer came from.
void close_content(Connection& c);

// Plans a text answer to the request of `c`.
void answer(Connection& c, int status, std::string_view explanation = {});
void answer(Connection& c, uring::Fault fault);

// The status that tells a client of a failed file operation.
int status_of(uring::Fault fault);

}  // namespace server

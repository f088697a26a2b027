// Covered by tests/client/jobs/ranges_test.cc and tests/end_to_end/client_ranges_test.cc.
#include "apps/client/jobs/ranges.h"

#include <algorithm>
#include <ctime>
#include <deque>
#include <string>
#include <string_view>
#include <utility>

#include "apps/client/command/transfer.h"
#include "apps/client/jobs/pause.h"
#include "apps/client/jobs/verify.h"
#include "apps/client/net/exchange.h"
#include "apps/client/screen/progress.h"
#include "parser/date.h"
#include "parser/fields.h"

namespace client {

namespace {

// The bytes after which the record is written again: those that a kill costs at most.
constexpr std::uint64_t record_bytes = 16 * 1024 * 1024;
// end_fetchers() is notified when a connection has ended; it looks by itself after this time.
constexpr std::int64_t long_wait_ms = 60'000;

struct Ranges;

// One of the connections.
struct Fetcher {
  Fetcher(Ranges& whole, Channel& way, unsigned which) : all(whole), channel(way), number(which) {}

  uring::Frames frames() const { return channel.frames(); }

  Ranges& all;
  Channel& channel;
  const unsigned number;    // as an owner of gaps
  OutputFile output = {};   // the descriptor of the download's, with an offset of its own
  std::uint64_t moved = 0;  // bytes of the present response
};

struct Ranges {
  explicit Ranges(Download& file) : download(file), gaps(*file.gaps) {}

  uring::Frames frames() const { return download.frames(); }
  bool ends() const { return differs || is_final || download.channel.session.stopping(); }

  Download& download;
  Gaps& gaps;
  std::deque<Channel> channels = {};  // those beside download.channel
  std::deque<Fetcher> fetchers = {};
  unsigned running = 0;     // fetchers that are tasks
  bool is_waiting = false;  // end_fetchers() sleeps until they have ended
  bool differs = false;     // a response is not of the version
  bool is_final = false;    // a failure that no other connection can make good
  std::uint64_t moved = 0;
  std::uint64_t unrecorded = 0;  // bytes since the record was written
  ExitCode code = ExitCode::ok;  // of the last failure
  ExitReason error = {};
  Failure failure = {};
  bool is_slow = false;
};

void keep_record(Ranges& all) {
  Download& download = all.download;
  all.unrecorded = 0;
  record_output(download.output, {.url = download.job.where.text(),
                                  .version = download.transfer.version,
                                  .done = all.gaps.done()});
}

// Wakes the other connections, so that they end.
void stop_others(Ranges& all, const Fetcher& self) {
  for (Fetcher& other : all.fetchers) {
    if (&other != &self) other.channel.io.stop();
  }
}

void note_failure(Fetcher& self, ExitCode code) {
  Ranges& all = self.all;
  if (all.ends() && all.code != ExitCode::ok) return;  // the consequence of another failure
  all.code = code;
  all.error = self.channel.error;
  all.failure = failure_of(self.channel, code);
  all.is_slow = self.channel.speed.has_failed();
}

// Ends all connections: no other one can make this failure good.
ExitCode end_all(Fetcher& self, ExitCode code) {
  note_failure(self, code);
  self.all.is_final = true;
  stop_others(self.all, self);
  return code;
}

// The response does not belong to the bytes that are there: all of them are thrown away.
ExitCode reject(Fetcher& self, const Url& where) {
  const ExitCode code = self.channel.fail(ExitCode::weird_reply,
                                          where.text() +
                                              ": the server's response to a request for a range is "
                                              "not of the same file; try again");
  note_failure(self, code);
  self.all.differs = true;
  stop_others(self.all, self);
  return code;
}

ExitReason cut_off(const Fetcher& self) {
  const Gaps& gaps = self.all.gaps;
  return exit_with(ExitCode::partial_file,
                   "the connection to " + self.channel.server + " ended after " +
                       format_bytes(gaps.size() - gaps.left()) + " of " +
                       format_bytes(gaps.size()) + ", before the end of the file; try again");
}

// Writes bytes at the front of the fetcher's gap.
uring::Task<ExitCode> take_bytes(Fetcher& self, std::string_view bytes) {
  Ranges& all = self.all;
  const Session& session = self.channel.session;
  const ByteRange gap = all.gaps.of(self.number);
  self.output.size = gap.begin;
  bytes =
      bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), gap.size())));
  const ExitCode written = co_await write_output(self.channel.io, self.output, bytes);
  if (written != ExitCode::ok) co_return end_all(self, self.channel.fail(self.output.error));
  all.gaps.fill(self.number, bytes.size());
  self.moved += bytes.size();
  all.moved += bytes.size();
  all.unrecorded += bytes.size();
  session.report.moved(self.channel.lane, bytes.size(), session.now());
  if (all.unrecorded >= record_bytes) keep_record(all);
  co_return ExitCode::ok;
}

// Receives a body of `most` bytes at most, until the fetcher's gap is filled, which another
// connection may shorten meanwhile.
uring::Task<ExitCode> receive_range(Fetcher& self, std::uint64_t most) {
  Channel& channel = self.channel;
  BodyReader body(channel.head.body());
  const Moving moving(channel);
  while (!self.all.ends()) {
    const BodyReader::Piece piece = body.take(channel.received());
    const bool is_malformed = piece.failure.error != http1::Error::none;
    if (is_malformed || piece.data.size() > most - self.moved) {
      co_return reject(self, self.all.download.job.where);
    }
    const std::string_view bytes(piece.data.data(), piece.data.size());
    const ExitCode taken = co_await take_bytes(self, bytes);
    if (taken != ExitCode::ok) co_return taken;
    channel.consume(piece.used);
    const bool is_filled = self.all.gaps.of(self.number).size() == 0;
    if (body.done()) {
      finish_exchange(channel);
      if (is_filled || self.moved > 0) co_return ExitCode::ok;
      co_return channel.fail(cut_off(self));
    }
    if (is_filled) break;
    if (channel.ended) co_return channel.fail(cut_off(self));
    const ExitCode got = co_await receive(channel, channel.session.settings.idle_timeout_ms);
    if (got == ExitCode::receive_error) co_return channel.fail(cut_off(self));
    if (got != ExitCode::ok) co_return got;
  }
  disconnect(channel);
  co_return ExitCode::ok;
}

// Notes what a response tells about the file beside its bytes.
ExitCode note_facts(Fetcher& self, const Url& where) {
  Download& download = self.all.download;
  const Channel& channel = self.channel;
  if (channel.session.settings.keeps_times && !download.output.modified) {
    const auto now = static_cast<std::int64_t>(std::time(nullptr));
    download.output.modified =
        http1::parse_date(channel.head.value_of(http1::FieldName::last_modified), now);
  }
  const ExitCode noted = note_digest(self.channel, where, false, download.expected);
  return noted == ExitCode::ok ? noted : end_all(self, noted);
}

// Requests the fetcher's gap, and takes what comes.
uring::Task<ExitCode> fetch_gap(Fetcher& self) {
  Channel& channel = self.channel;
  const Download& download = self.all.download;
  const Settings& settings = channel.session.settings;
  const ByteRange gap = self.all.gaps.of(self.number);
  Url where = download.job.where;
  Request request{.method = http1::Method::get};
  request.range_start = gap.begin;
  request.range_last = gap.end - 1;
  request.if_range = download.transfer.version.validator;
  request.wants_digest = settings.verifies && !settings.expected_digest;
  const ExitCode responded = co_await exchange_following(channel, request, where);
  if (responded != ExitCode::ok) co_return responded;
  if (self.all.ends()) co_return ExitCode::receive_error;
  switch (judge_range(download.transfer.version, gap, channel.head)) {
    case RangeVerdict::differs: co_return reject(self, where);
    case RangeVerdict::refuses: {
      const ExitCode refusal = channel.fail(refused(channel.head, where));
      co_await skip_body(channel);
      co_return refusal;
    }
    case RangeVerdict::fits: break;
  }
  const ExitCode noted = note_facts(self, where);
  if (noted != ExitCode::ok) co_return noted;
  const ExitCode received = co_await receive_range(self, range_size(channel.head));
  co_return received;
}

// Fills gaps until none is left, or until a request fails that has brought little: next_step() then
// decides, and pauses.
uring::Task<> fetch(Fetcher& self, bool has_response) {
  Ranges& all = self.all;
  while (!all.ends() && (has_response || all.gaps.take(self.number))) {
    self.moved = 0;
    ExitCode code = ExitCode::ok;
    if (std::exchange(has_response, false)) {
      const ExitCode received = co_await receive_range(self, all.gaps.size());
      code = received;
    } else {
      const ExitCode fetched = co_await fetch_gap(self);
      code = fetched;
    }
    all.gaps.release(self.number);
    if (code == ExitCode::ok) continue;
    disconnect(self.channel);
    note_failure(self, code);
    const Failure failure = failure_of(self.channel, code);
    const bool is_cut = is_transient(failure) && code != ExitCode::http_error;
    if (self.moved < brisk_bytes || !is_cut || self.channel.speed.has_failed()) break;
  }
  disconnect(self.channel);
}

uring::Task<> fetch_beside(Fetcher& self) {
  Ranges& all = self.all;
  co_await fetch(self, false);
  --all.running;
  if (all.is_waiting) all.download.channel.io.stop();
}

void begin_fetchers(Ranges& all) {
  Download& download = all.download;
  Session& session = download.channel.session;
  all.fetchers.emplace_back(all, download.channel, 0U);
  for (unsigned number = 1; number < std::max(download.connections, 1U); ++number) {
    Channel& channel = all.channels.emplace_back(session);
    channel.lane = download.channel.lane;
    channel.resolver = download.channel.resolver;
    all.fetchers.emplace_back(all, channel, number);
  }
  for (Fetcher& one : all.fetchers) {
    one.output.name = download.output.name;
    one.output.fd = download.output.fd;
    if (one.number == 0) continue;
    ++all.running;
    session.scope.spawn(fetch_beside(one));
  }
}

// Waits for the other connections.
uring::Task<> end_fetchers(Ranges& all) {
  uring::Io& io = all.download.channel.io;
  all.is_waiting = true;
  while (all.running > 0) {
    io.renew();
    if (all.download.channel.session.stopping()) stop_others(all, all.fetchers.front());
    co_await io.sleep(long_wait_ms);
  }
  all.is_waiting = false;
  if (!all.download.channel.session.stopping()) io.renew();
}

// The result of all connections together.
ExitCode conclude(Ranges& all) {
  Download& download = all.download;
  Channel& channel = download.channel;
  const std::uint64_t size = all.gaps.size();
  download.transfer.held = download.output.size = size - all.gaps.left();
  download.outcome = {.moved = all.moved,
                      .is_complete = all.gaps.empty() && !all.differs,
                      .misfits = all.differs,
                      .is_slow = all.is_slow};
  if (download.outcome.is_complete && !channel.session.stopping()) {
    download.gaps.reset();
    return ExitCode::ok;
  }
  if (all.differs) {
    download.connections = 1;
    download.gaps.reset();
    download.output.is_recorded = false;  // the bytes have holes, and none is kept
  } else {
    keep_record(all);
  }
  if (channel.session.stopping()) return channel.fail(cancelled(channel, channel.io));
  download.failure = all.failure;
  return channel.fail(all.error);
}

}  // namespace

bool may_divide(const Download& download) {
  const http1::ResponseHead& head = download.channel.head;
  const Version& version = download.transfer.version;
  const std::string_view units = http1::trim(head.value_of(http1::FieldName::accept_ranges));
  const http1::Body body = head.body();
  return download.connections > 1 && download.resumes && !download.output.is_stream &&
         !download.job.takes_header_name && head.status() == 200 && !version.validator.empty() &&
         http1::equal_ignoring_case(units, "bytes") && body.kind == http1::BodyKind::length &&
         body.length >= least_divided_bytes;
}

uring::Task<ExitCode> receive_ranges(Download& download, bool has_response) {
  Channel& channel = download.channel;
  const Session& session = channel.session;
  if (has_response) download.gaps.emplace(*download.transfer.version.size);
  Ranges all(download);
  download.failure.reset();
  keep_record(all);  // before a byte is written behind a gap
  session.report.begin(channel.lane, download.output.name, all.gaps.size(), session.now(),
                       all.gaps.size() - all.gaps.left());
  if (has_response) has_response = all.gaps.take(0);
  begin_fetchers(all);
  co_await fetch(all.fetchers.front(), has_response);
  co_await end_fetchers(all);
  download.pace = session.report.end(channel.lane, session.now());
  co_return conclude(all);
}

}  // namespace client

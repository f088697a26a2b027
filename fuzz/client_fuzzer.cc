// Fuzzes the client's jobs: the input is a script (script.h) of a server's bytes, cuts and faults,
// for get(), head(), put() and remove() on the simulated engine.
//
// Oracles for every run:
//   - no crash and no endless loop; the job ends within the server's timeouts, however many interim
//     responses and redirects it sends; every descriptor and frame is released
//   - ok means complete: a download has the whole body, an upload was sent completely before its
//     response
//   - after a failure the existing file is unchanged, and no temporary file is left but the part of
//     a file whose version is known, with its record
// For a calm run, whose only failures are in the server's bytes:
//   - exit code and file are those of client_reference.h
//   - the bytes in one piece, or a few at a time, give the same result
// Only one connection is accepted; a second one is refused.
// Covered by the replay of corpus/client in every build.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <fcntl.h>
#include <optional>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "apps/client/jobs/jobs.h"
#include "apps/client/screen/report.h"
#include "apps/client/session/session.h"
#include "fuzz/client_reference.h"
#include "fuzz/require.h"
#include "fuzz/scratch.h"
#include "fuzz/script.h"
#include "uring/loop.h"
#include "uring/scope.h"
#include "uring/simulated.h"

namespace {

using client::ExitCode;
using client::Verb;
using fuzz::End;
using fuzz::Event;
using fuzz::Outcomes;
using fuzz::require;
using fuzz::Script;
using uring::OpCode;

constexpr std::string_view old_content = "the old file";
constexpr std::string_view small_upload = "a small upload";
// Large enough for the client to send Expect: 100-continue.
constexpr std::size_t large_upload_bytes = 1024 * 1024 + 100;

// The folder of the job: two files to upload, and one that a download replaces.
class Place {
 public:
  Place() : fd_(::open(scratch_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    write("small", small_upload);
    write("large", std::string(large_upload_bytes, 'u'));
    write("out", old_content);
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() { ::close(fd_); }

  [[nodiscard]] std::string path(const char* name) const { return scratch_.path() / name; }
  [[nodiscard]] std::size_t files() const { return fuzz::names_in(fd_, ".").size(); }

  // Whether a download has left a part that a later one can go on with.
  [[nodiscard]] bool keeps_part() const {
    struct stat facts {};
    return ::fstatat(fd_, ".out.quoit-part", &facts, 0) == 0 && facts.st_size >= 65536 &&
           ::fstatat(fd_, ".out.quoit-part.meta", &facts, 0) == 0;
  }

  [[nodiscard]] std::string read(const char* name) const {
    std::string content(static_cast<std::size_t>(size_of(name)), '\0');
    const int fd = ::openat(fd_, name, O_RDONLY | O_CLOEXEC);
    const auto count = ::read(fd, content.data(), content.size());
    require(count == static_cast<ssize_t>(content.size()), "the file can be read");
    ::close(fd);
    return content;
  }
  void restore() {
    for (const std::string& name : fuzz::names_in(fd_, ".")) {
      if (name != "small" && name != "large") ::unlinkat(fd_, name.c_str(), 0);
    }
    write("out", old_content);
  }

 private:
  [[nodiscard]] std::int64_t size_of(const char* name) const {
    struct stat facts {};
    require(::fstatat(fd_, name, &facts, 0) == 0, "the file is there");
    return facts.st_size;
  }
  void write(const char* name, std::string_view content) const {
    const int fd = ::openat(fd_, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    require(::write(fd, content.data(), content.size()) == static_cast<ssize_t>(content.size()),
            "the files can be written");
    ::close(fd);
  }

  const fuzz::Scratch scratch_;
  const int fd_;
};

Place& place() {
  static Place made;
  return made;
}

// Captures the output of HEAD while an object of this class exists.
class Printed {
 public:
  Printed() : standard_(::dup(STDOUT_FILENO)), file_(::memfd_create("printed", MFD_CLOEXEC)) {
    ::dup2(file_, STDOUT_FILENO);
  }
  Printed(const Printed&) = delete;
  Printed& operator=(const Printed&) = delete;
  ~Printed() {
    ::dup2(standard_, STDOUT_FILENO);
    ::close(standard_);
    ::close(file_);
  }
  [[nodiscard]] std::string text() const {
    std::string all(65536 + 1, '\0');
    const auto count = ::pread(file_, all.data(), all.size(), 0);
    all.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    return all;
  }

 private:
  const int standard_;
  const int file_;
};

// The bits of event C: two for the verb, and for an upload two for its input.
client::Job job_of(std::uint8_t bits) {
  static constexpr std::array verbs = {Verb::get, Verb::put, Verb::head, Verb::remove};
  client::Job job{.verb = verbs[bits % verbs.size()], .file = place().path("out")};
  const client::ExitReason reason = client::parse_url("http://peer/a/file?q", job.where);
  require(!reason, "the URL is valid");
  if (job.verb != Verb::put) return job;
  const unsigned input = bits / 4 % 4;
  job.file = input == 0 ? place().path("small") : place().path("large");
  if (input == 1) job.file = "/dev/null";  // a stream, and an empty one
  return job;
}

uring::Task<> drive(client::Channel& channel, const client::Job& job, ExitCode& code) {
  ExitCode done = ExitCode::ok;
  switch (job.verb) {
    case Verb::get: {
      const ExitCode got = co_await client::get(channel, job);
      done = got;
      break;
    }
    case Verb::head: {
      const ExitCode got = co_await client::head(channel, job);
      done = got;
      break;
    }
    case Verb::put: {
      client::PutProgress progress;
      const ExitCode got = co_await client::put(channel, job, progress);
      done = got;
      break;
    }
    case Verb::remove: {
      const ExitCode got = co_await client::remove(channel, job);
      done = got;
      break;
    }
    case Verb::sync:
    case Verb::ls:             // remote_listing fuzzes its reader
    case Verb::passwd: break;  // it asks no server
  }
  code = done;
}

client::Settings settings() {
  client::Settings chosen;
  chosen.idle_timeout_ms = 10'000;
  chosen.quiet = true;
  chosen.unix_socket = "/peer";  // so that the resolver is not used
  return chosen;
}

enum class Pieces : std::uint8_t { as_told, one, few_at_a_time };

// One job, run to its end.
class Play {
 public:
  Play(const Script& script, const client::Job& job) : script_(script), job_(job) {
    engine_.refuse_connections();
    channel_.fd = socket_;
    channel_.server = settings_.unix_socket;
    // The server has been asked, and takes no resumable uploads.
    session_.upload_limits.emplace(job.where.origin(), std::nullopt);
  }

  ExitCode run(Pieces pieces) {
    ExitCode code = ExitCode::ok;
    if (script_.receive_bytes > 0 && pieces == Pieces::as_told) split(script_.receive_bytes);
    if (pieces == Pieces::few_at_a_time) split(1 + script_.bytes.size() % 7);
    scope_.spawn(drive(channel_, job_, code));
    if (pieces == Pieces::as_told) {
      for (const Event& event : script_.events) act(event);
    } else {
      engine_.peer_sends(socket_, script_.bytes);
    }
    settle();
    end();
    client::disconnect(channel_);
    require(engine_.open_sockets() == 0, "no socket is left open");
    // A slow read of a stream stays pending until the end of the process.
    const bool leaves_a_read = job_.file == "/dev/null" && script_.has('D');
    require(engine_.open_files() == 0 || leaves_a_read, "no file is left open");
    require(code == ExitCode::ok || !channel_.error.text.empty(), "a failure has a message");
    return code;
  }

  [[nodiscard]] bool was_calm() const {
    constexpr std::int64_t calm_ms = 9000;
    return !was_hurt_ && !script_.has('R') && !script_.has('K') && script_.duration_ms < calm_ms;
  }
  [[nodiscard]] bool unlink_failed() const { return unlink_failed_; }
  [[nodiscard]] std::string_view sent() const { return engine_.peer_received(socket_); }

 private:
  void split(std::size_t bytes) {
    constexpr std::size_t most_pieces = 200;
    engine_.split_receives(std::max(bytes, script_.bytes.size() / most_pieces));
  }

  void act(const Event& event) {
    static constexpr std::array errors = {EIO,        ENOMEM,  EMFILE,    ENOSPC,
                                          ECONNRESET, ENOBUFS, ECANCELED, EINTR};
    const std::uint64_t number = engine_.started() + 1 + event.n % 32;
    switch (event.letter) {
      case '"':
        engine_.peer_sends(socket_,
                           std::string_view(script_.bytes).substr(event.begin, event.size));
        break;
      case ',': loop_.iterate(0); break;
      case 'F': engine_.peer_finishes(socket_); break;
      case 'R': engine_.peer_resets(socket_); break;
      case 'T':
        engine_.advance_clock(std::int64_t{event.n} * Script::tick_ms);
        settle();
        break;
      case 'W': engine_.peer_takes(socket_, std::size_t{event.n} * 16); break;
      case 'O': engine_.peer_takes(socket_, SIZE_MAX); break;
      case 'E':
        engine_.plan_fault(number, {.error = errors[event.k % errors.size()]});
        errors_.push_back(number);
        break;
      case 'M': engine_.plan_fault(number, {.most = 1}); break;
      case 'D': engine_.plan_fault(number, {.delay = 1U + event.n / 32U}); break;
      case 'K': session_.stop(client::StopReason::interrupted); break;
      default: settle(); break;
    }
  }

  void settle() {
    int most = 200'000;
    while (most > 0 && (loop_.iterate(0) > 0 || engine_.delayed_completions() > 0)) --most;
    require(most > 0, "the client becomes idle without an endless loop");
  }

  void end() {
    engine_.peer_takes(socket_, SIZE_MAX);
    if (!script_.stays_silent || script_.has('F')) engine_.peer_finishes(socket_);
    const uring::Milliseconds before = engine_.now();
    int turns = 0;
    while (!scope_.empty() && turns < 200'000) {
      loop_.iterate(uring::forever);
      ++turns;
    }
    require(scope_.empty(), "the job ends");
    // The timeouts for a head, for a body, for a stalled upload, and for a response to it.
    require(engine_.now() - before <= 4 * settings_.idle_timeout_ms, "it ends in bounded time");
    for (const std::uint64_t number : errors_) {
      if (number > engine_.started()) continue;
      was_hurt_ = true;
      unlink_failed_ = unlink_failed_ || engine_.code_of(number) == OpCode::unlink;
    }
  }

  const Script& script_;
  const client::Job& job_;
  const client::Settings settings_ = settings();
  uring::Simulated engine_;
  const int socket_ = engine_.connected();
  uring::Loop loop_{engine_};
  uring::Scope scope_{loop_};
  client::Report report_{settings_};
  client::Session session_{scope_, settings_, report_};
  client::Channel channel_{session_};
  std::vector<std::uint64_t> errors_;
  bool was_hurt_ = false;
  bool unlink_failed_ = false;
};

// The upload was sent completely: the server could read all of it.
void check_sent(std::string_view sent, const client::Job& job) {
  http1::RequestHead head;
  require(http1::parse_request(sent, head) == http1::Progress::done, "the request has a head");
  require(head.method() == fuzz::ClientReference::method_of(job.verb),
          "the request has the method of the job");
  if (job.verb != Verb::put) return;
  sent.remove_prefix(head.size());
  const bool is_stream = job.file == "/dev/null";
  require((head.body().kind == http1::BodyKind::chunked) == is_stream,
          "a stream is sent as chunks");
  if (is_stream) return require(sent == "0\r\n\r\n", "an empty stream is a last chunk");
  require(sent.size() == head.body().length, "ok means that the whole upload was sent");
  const bool is_small = sent.size() == small_upload.size();
  require(is_small ? sent == small_upload : sent.find_first_not_of('u') == std::string_view::npos,
          "the request ends with the upload");
}

// Checks the files after any run.
void check_files(const Play& play, ExitCode code, const client::Job& job,
                 const Outcomes& outcomes) {
  const bool stores = job.verb == Verb::get && code == ExitCode::ok && outcomes.stores;
  const std::string content = place().read("out");
  require(content == (stores ? outcomes.content : old_content), "the file is the old or the new");
  const bool keeps = code != ExitCode::ok && place().keeps_part();
  require(place().files() == (keeps ? 5 : 3) || play.unlink_failed(), "no temporary file is left");
  if (stores || keeps || play.unlink_failed()) place().restore();
}

std::string without_returns(std::string head) {
  head.erase(std::remove(head.begin(), head.end(), '\r'), head.end());
  return head;
}

// Runs the script once and checks the results. nullopt: the run was not calm.
std::optional<ExitCode> play(const Script& script, const client::Job& job, const Outcomes& outcomes,
                             Pieces pieces) {
  std::optional<Printed> printed;
  if (job.verb == Verb::head) printed.emplace();
  Play play(script, job);
  const ExitCode code = play.run(pieces);
  check_files(play, code, job, outcomes);
  if (code == ExitCode::ok) {
    require(outcomes.codes.contains(ExitCode::ok), "ok means that the job is complete");
    check_sent(play.sent(), job);
    require(!printed || printed->text() == without_returns(outcomes.head), "HEAD prints the head");
  }
  if (!play.was_calm()) return std::nullopt;
  require(outcomes.codes.contains(code), "the exit code is an expected one");
  return code;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Script script(fuzz::text_of_input(data, size));
  const client::Job job = job_of(script.settings);
  const End end = script.stays_silent && !script.has('F') ? End::stays_silent : End::finishes;
  const Outcomes outcomes = fuzz::ClientReference(job.verb, job.where, script.bytes, end).read();
  const std::optional<ExitCode> as_told = play(script, job, outcomes, Pieces::as_told);
  if (!as_told) return 0;
  const bool was_cut = script.receive_bytes > 0 || script.events.size() > 1;
  const std::optional<ExitCode> otherwise =
      play(script, job, outcomes, was_cut ? Pieces::one : Pieces::few_at_a_time);
  require(outcomes.codes.size() > 1 || job.verb == Verb::put || otherwise == as_told,
          "the split of the bytes does not change the result");
  return 0;
}

// The decisions of a download, by tables. fuzz/transfer_fuzzer.cc plays servers against them.
#include "apps/client/command/transfer.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "parser/parse.h"

namespace client {
namespace {

const std::string old_date = "Sun, 06 Nov 1994 08:49:37 GMT";
const std::string young_date = "Sun, 06 Nov 1994 08:50:36 GMT";  // 59 s later
const std::string later_date = "Sun, 06 Nov 1994 08:50:37 GMT";

// A response's head; its views are of the text.
class Head {
 public:
  explicit Head(std::string_view lines) : text_("HTTP/1.1 " + std::string(lines) + "\r\n\r\n") {
    EXPECT_EQ(http1::parse_response(text_, head_, http1::Method::get), http1::Progress::done)
        << lines;
  }
  const http1::ResponseHead& get() const { return head_; }

 private:
  std::string text_;
  http1::ResponseHead head_;
};

TEST(Transfer, HasAStrongValidatorOrNone) {
  struct Row {
    std::string fields;
    std::string validator;
  };
  const std::string dated = "\r\nLast-Modified: " + old_date + "\r\nDate: ";
  const std::vector<Row> rows = {
      {"\r\nETag: \"a\"", "\"a\""},
      {"\r\nETag: \"a\"\r\nAccept-Ranges: bytes", "\"a\""},
      {"\r\nETag: \"a\"\r\nAccept-Ranges: none", ""},
      {"\r\nETag: \"a\"\r\nContent-Encoding: gzip", ""},
      {"\r\nETag: \"a\"\r\nContent-Encoding: identity", "\"a\""},
      {"\r\nETag: \"a\"\r\nETag: \"b\"", ""},
      {"\r\nETag: W/\"a\"", ""},
      {"\r\nETag: a", ""},
      {"\r\nETag: W/\"a\"" + dated + later_date, ""},
      {dated + later_date, old_date},
      {dated + young_date, ""},
      {dated + "yesterday", ""},
      {"\r\nLast-Modified: " + old_date, ""},
      {"", ""},
  };
  for (const Row& row : rows) {
    const Version version =
        version_of(Head("200 OK\r\nContent-Length: 9" + row.fields).get(), 784111777);
    EXPECT_EQ(version.validator, row.validator) << row.fields;
    EXPECT_EQ(version.size, 9U);
  }
  EXPECT_EQ(version_of(Head("200 OK\r\nETag: \"a\"").get(), 0).size, std::nullopt);
}

TEST(Transfer, TakesARangeOfItsVersionAlone) {
  const Version version{.validator = "\"a\"", .size = 100};
  const ByteRange range{10, 20};
  struct Row {
    std::string lines;
    RangeVerdict verdict;
  };
  const std::string tag = "\r\nETag: \"a\"";
  const std::string part = "206 Part" + tag + "\r\nContent-Length: 10\r\nContent-Range: ";
  const std::vector<Row> rows = {
      {part + "bytes 10-19/100", RangeVerdict::fits},
      {"206 Part" + tag + "\r\nContent-Length: 5\r\nContent-Range: bytes 10-14/100",
       RangeVerdict::fits},
      {"206 Part" + tag + "\r\nTransfer-Encoding: chunked\r\nContent-Range: bytes 10-19/100",
       RangeVerdict::fits},
      {part + "bytes 9-18/100", RangeVerdict::differs},
      {part + "bytes 11-20/100", RangeVerdict::differs},
      {part + "bytes 10-20/100", RangeVerdict::differs},
      {part + "bytes 10-19/101", RangeVerdict::differs},
      {part + "bytes 10-19/*", RangeVerdict::differs},
      {part + "bytes */100", RangeVerdict::differs},
      {part + "bytes 10-19/100\r\nContent-Encoding: gzip", RangeVerdict::differs},
      {"206 Part" + tag + "\r\nContent-Length: 11\r\nContent-Range: bytes 10-20/100",
       RangeVerdict::differs},
      {"206 Part" + tag + "\r\nContent-Length: 10", RangeVerdict::differs},
      {"206 Part\r\nETag: \"b\"\r\nContent-Length: 10\r\nContent-Range: bytes 10-19/100",
       RangeVerdict::differs},
      {"206 Part\r\nETag: W/\"a\"\r\nContent-Length: 10\r\nContent-Range: bytes 10-19/100",
       RangeVerdict::differs},
      {"206 Part\r\nContent-Length: 10\r\nContent-Range: bytes 10-19/100", RangeVerdict::differs},
      {"200 OK" + tag + "\r\nContent-Length: 100", RangeVerdict::differs},
      {"204 None" + tag, RangeVerdict::differs},
      {"416 No" + tag + "\r\nContent-Range: bytes */100", RangeVerdict::differs},
      {"503 Busy\r\nContent-Length: 0", RangeVerdict::refuses},
      {"404 Gone\r\nContent-Length: 0", RangeVerdict::refuses},
      {"304 Same" + tag, RangeVerdict::refuses},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(judge_range(version, range, Head(row.lines).get()), row.verdict) << row.lines;
    EXPECT_NE(judge_range({.size = 100}, range, Head(row.lines).get()), RangeVerdict::fits)
        << "without a validator nothing fits";
  }
}

TEST(Transfer, RequestsTheBytesThatAreMissing) {
  const Version known{.validator = "\"a\"", .size = 10};
  struct Row {
    Transfer transfer;
    std::optional<std::uint64_t> start;
  };
  const std::vector<Row> rows = {
      {{}, std::nullopt},
      {{.version = known}, std::nullopt},
      {{.version = known, .held = 4}, 4},
      {{.version = known, .held = 10}, 9},  // to learn whether the file is still the same
      {{.version = {.size = 10}, .held = 4}, std::nullopt},
      {{.version = {.validator = "\"a\""}, .held = 4}, 4},
      {{.held = 4, .is_trusted = true}, 4},
      {{.held = 0, .is_trusted = true}, std::nullopt},
  };
  for (const Row& row : rows) EXPECT_EQ(range_start(row.transfer), row.start);
}

const Transfer tagged{.version = {.validator = "\"a\"", .size = 10}, .held = 4};
const Transfer dated{.version = {.validator = old_date, .size = 10}, .held = 4};
const Transfer sizeless{.version = {.validator = "\"a\""}, .held = 4};
const Transfer whole{.version = {.validator = "\"a\"", .size = 10}, .held = 10};
const Transfer trusted{.held = 4, .is_trusted = true};
const Transfer printed{
    .version = {.validator = "\"a\"", .size = 10}, .held = 4, .can_restart = false};
const Transfer fresh;

struct Judged {
  const Transfer& transfer;
  std::string response;
  Verdict verdict;
};

void check(const std::vector<Judged>& rows) {
  for (const Judged& row : rows) {
    EXPECT_EQ(judge(row.transfer, Head(row.response).get()), row.verdict) << row.response;
  }
}

TEST(Transfer, TakesAPartOnlyWhereItContinuesTheBytes) {
  const std::string partial = "206 Partial Content\r\n";
  const std::string part = partial + "ETag: \"a\"\r\nContent-Range: bytes ";
  const std::string range = partial + "Content-Range: bytes 4-9/10\r\nContent-Length: 6";
  const std::string date = "\r\nLast-Modified: ";
  const std::string six = "\r\nContent-Length: 6";
  check({
      {tagged, part + "4-9/10" + six, Verdict::continues},
      {tagged, part + "4-6/10\r\nContent-Length: 3", Verdict::continues},
      {tagged, part + "4-9/10\r\nTransfer-Encoding: chunked", Verdict::continues},
      {tagged, part + "4-9/10", Verdict::continues},
      {tagged, part + "3-8/10" + six, Verdict::misfits},
      {tagged, part + "5-9/10\r\nContent-Length: 5", Verdict::misfits},
      {tagged, part + "4-9/11" + six, Verdict::misfits},
      {tagged, part + "4-9/*" + six, Verdict::misfits},
      {tagged, part + "4-9/10\r\nContent-Length: 5", Verdict::misfits},
      {tagged, part + "4-9/10\r\nContent-Length: 0", Verdict::misfits},
      {tagged, part + "4-9/10" + six + "\r\nContent-Encoding: gzip", Verdict::misfits},
      {tagged, part + "4-9/10" + six + "\r\nContent-Range: bytes 4-9/10", Verdict::misfits},
      {tagged, part + "9-4/10" + six, Verdict::misfits},
      {tagged, partial + "ETag: \"a\"" + six, Verdict::misfits},
      {tagged, range, Verdict::misfits},
      {tagged, range + "\r\nETag: \"b\"", Verdict::misfits},
      {tagged, range + "\r\nETag: W/\"a\"", Verdict::misfits},
      {dated, range + date + old_date, Verdict::continues},
      {dated, range + date + later_date, Verdict::misfits},
      {dated, range, Verdict::misfits},
      {sizeless, part + "4-9/10" + six, Verdict::continues},
      {whole, part + "9-9/10\r\nContent-Length: 1", Verdict::continues},
      {trusted, range, Verdict::continues},
      {trusted, part + "4-9/10" + six, Verdict::continues},
      {trusted, part + "0-9/10\r\nContent-Length: 10", Verdict::misfits},
      {printed, part + "4-9/10" + six, Verdict::continues},
  });
}

TEST(Transfer, KnowsTheEndAndTheBeginningOfTheFile) {
  const std::string end = "416 Range Not Satisfiable\r\nContent-Range: bytes */";
  const std::string tag = "\r\nETag: \"a\"";
  check({
      {sizeless, end + "4" + tag, Verdict::completes},
      {sizeless, end + "4", Verdict::misfits},
      {sizeless, end + "4\r\nETag: \"b\"", Verdict::misfits},
      {sizeless, end + "5" + tag, Verdict::misfits},
      {tagged, end + "4" + tag, Verdict::misfits},
      {tagged, "416 Range Not Satisfiable", Verdict::misfits},
      {whole, end + "10" + tag, Verdict::misfits},
      {trusted, end + "4", Verdict::completes},
      {trusted, end + "3", Verdict::misfits},
      {tagged, "200 OK\r\nETag: \"b\"", Verdict::begins},
      {trusted, "200 OK", Verdict::begins},
      {printed, "200 OK\r\nETag: \"b\"", Verdict::misfits},
      {fresh, "200 OK", Verdict::begins},
      {fresh, "416 Range Not Satisfiable", Verdict::refuses},
      {fresh, "404 Not Found", Verdict::refuses},
      {tagged, "404 Not Found", Verdict::refuses},
      {tagged, "304 Not Modified", Verdict::refuses},
  });
}

TEST(Transfer, LearnsTheVersionOfTheBytes) {
  Transfer transfer{.held = 4, .is_trusted = true};
  const Head part("206 Partial Content\r\nETag: \"a\"\r\nContent-Range: bytes 4-9/10");
  begin_body(transfer, Verdict::continues, version_of(part.get(), 0));
  EXPECT_EQ(transfer.held, 4U);
  EXPECT_EQ(transfer.version.validator, "\"a\"");
  EXPECT_EQ(transfer.version.size, 10U);
  EXPECT_EQ(range_size(part.get()), 6U);
  begin_body(transfer, Verdict::begins, {.validator = "\"b\"", .size = 3});
  EXPECT_EQ(transfer.held, 0U);
  EXPECT_EQ(transfer.version.validator, "\"b\"");
  EXPECT_EQ(transfer.restarts, 1U);
  EXPECT_FALSE(transfer.is_trusted);
}

// --- The next step ---

constexpr Failure cut{.code = ExitCode::partial_file};
constexpr Failure slow{.code = ExitCode::timeout};
constexpr Failure refused{.code = ExitCode::cannot_connect};
constexpr Failure busy{.code = ExitCode::http_error, .status = 503, .retry_after_ms = 7000};
constexpr Failure missing{.code = ExitCode::http_error, .status = 404};
constexpr std::uint64_t much = 65536;

const Settings once;
const Settings again{.retries = 2, .retry_delay_ms = 500};

struct Decided {
  const char* name;
  Outcome outcome;
  const Settings& settings;
  Step step = {};
};

void check(const Transfer& before, const std::vector<Decided>& rows) {
  for (const Decided& row : rows) {
    Transfer transfer = before;
    const Step step = next_step(transfer, row.outcome, {.settings = row.settings});
    EXPECT_EQ(step.next, row.step.next) << row.name;
    EXPECT_EQ(step.pause_ms, row.step.pause_ms) << row.name;
    EXPECT_EQ(step.is_retry, row.step.is_retry) << row.name;
    EXPECT_EQ(step.begins_anew, row.step.begins_anew) << row.name;
    EXPECT_TRUE(!step.begins_anew || !range_start(transfer)) << row.name;
  }
}

constexpr Step at_once{.next = Next::ask};
constexpr Step later{.next = Next::ask, .pause_ms = 500};
constexpr Step retried{.next = Next::ask, .pause_ms = 500, .is_retry = true};

TEST(Transfer, GoesOnWhereItsVersionIsKnown) {
  const Transfer known{.version = {.validator = "\"a\"", .size = 1000000}, .held = 100000};
  check(
      known,
      {
          {"complete", {.moved = 1, .is_complete = true}, once, {.next = Next::finish}},
          {"a part of the rest", {.moved = 1}, once, at_once},
          {"no part of the rest", {}, once},
          {"cut, and it moves", {.failure = cut, .moved = much}, once, at_once},
          {"cut after little", {.failure = cut, .moved = 1}, again, later},
          {"cut without a byte", {.failure = cut}, once},
          {"cut without a byte, retried", {.failure = cut}, again, retried},
          {"too slow", {.failure = slow, .moved = much, .is_slow = true}, once},
          {"too slow, retried", {.failure = slow, .moved = much, .is_slow = true}, again, retried},
          {"misfit", {.misfits = true}, once, {.next = Next::ask, .begins_anew = true}},
          {"refused", {.failure = refused}, once},
          {"refused, retried", {.failure = refused}, again, retried},
          {"missing", {.failure = missing}, again},
          {"interrupted", {.failure = {.code = ExitCode::interrupted}, .moved = much}, again},
          {"disk full", {.failure = {.code = ExitCode::write_error}, .moved = much}, again},
      });
  Transfer stream = known;
  stream.can_restart = false;
  check(stream, {
                    {"stream, cut", {.failure = cut, .moved = much}, once, at_once},
                    {"misfit of a stream", {.misfits = true}, again},
                });
}

TEST(Transfer, BeginsAnewWhereItsVersionIsNotKnown) {
  const Transfer unknown{.version = {.size = 1000000}, .held = 100000};
  check(unknown, {
                     {"cut", {.failure = cut, .moved = much}, once},
                     {"cut, retried",
                      {.failure = cut, .moved = much},
                      again,
                      {.next = Next::ask, .pause_ms = 500, .is_retry = true, .begins_anew = true}},
                 });
  Transfer stream = unknown;
  stream.can_restart = false;
  check(stream, {{"cut", {.failure = cut, .moved = much}, again}});
  check({}, {
                {"busy", {.failure = busy}, once},
                {"busy, retried",
                 {.failure = busy},
                 again,
                 {.next = Next::ask, .pause_ms = 7000, .is_retry = true}},
            });
}

TEST(Transfer, CountsTheRetriesAnewWhenBytesHaveCome) {
  const Settings settings{.retries = 2, .retry_delay_ms = 1};
  Transfer transfer{.version = {.validator = "\"a\"", .size = 1000000}, .held = 100000};
  for (int round = 0; round < 5; ++round) {
    for (int retry = 0; retry < 2; ++retry) {
      EXPECT_TRUE(next_step(transfer, {.failure = refused}, {.settings = settings}).is_retry);
    }
    EXPECT_EQ(next_step(transfer, {.failure = cut, .moved = 1}, {.settings = settings}).next,
              Next::ask);
  }
  EXPECT_TRUE(next_step(transfer, {.failure = refused}, {.settings = settings}).is_retry);
  EXPECT_TRUE(next_step(transfer, {.failure = refused}, {.settings = settings}).is_retry);
  EXPECT_EQ(next_step(transfer, {.failure = refused}, {.settings = settings}).next, Next::give_up);
}

TEST(Transfer, CountsTheRetriesOnWhereTheBytesAreThrownAway) {
  const Settings settings{.retries = 2, .retry_delay_ms = 1};
  Transfer transfer;
  for (int retry = 0; retry < 2; ++retry) {
    begin_body(transfer, Verdict::begins, {});
    transfer.held = 100000;
    EXPECT_TRUE(
        next_step(transfer, {.failure = cut, .moved = much}, {.settings = settings}).begins_anew);
  }
  transfer.held = 100000;
  EXPECT_EQ(next_step(transfer, {.failure = cut, .moved = much}, {.settings = settings}).next,
            Next::give_up);
}

TEST(Transfer, BeginsAnewAFewTimesOnly) {
  const Settings settings;
  const Version version{.validator = "\"a\"", .size = 1000000};
  Transfer transfer;
  int restarts = 0;
  while (true) {
    begin_body(transfer, Verdict::begins, version);
    transfer.held = 100000;
    if (next_step(transfer, {.misfits = true}, {.settings = settings}).next != Next::ask) break;
    ASSERT_LT(++restarts, 10);
  }
  EXPECT_EQ(restarts, 3);
  Transfer other;
  for (restarts = 0; restarts < 10; ++restarts) {
    begin_body(other, Verdict::begins, version);
    other.held = 100000;
    const Outcome outcome{.failure = cut, .moved = much};
    if (next_step(other, outcome, {.settings = settings}).next != Next::ask) break;
  }
  EXPECT_EQ(restarts, 4) << "a file that changes at each request is given up";
}

TEST(Transfer, DoesNotPauseForLongerThanTheRunMayTake) {
  const Settings settings{.retries = 2};
  Transfer transfer;
  EXPECT_EQ(next_step(transfer, {.failure = busy}, {.settings = settings, .left_ms = 7001}).next,
            Next::ask);
  EXPECT_EQ(next_step(transfer, {.failure = busy}, {.settings = settings, .left_ms = 7000}).next,
            Next::give_up);
}

}  // namespace
}  // namespace client

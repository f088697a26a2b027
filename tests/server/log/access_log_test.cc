// Lines to the byte, and the writer: nothing lost that could be written, nobody kept waiting.
#include "apps/server/log/access_log.h"

#include <array>
#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <signal.h>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/server/world.h"

namespace server {
namespace {

constexpr LogRecord usual{.remote = "192.0.2.1",
                          .method = "GET",
                          .target = "/a?b",
                          .protocol = "HTTP/1.1",
                          .referer = "http://b/",
                          .user_agent = "curl/8",
                          .time = lab::old_seconds,
                          .duration_us = 1234,
                          .bytes = 567,
                          .status = 200,
                          .aborted = false};

std::string line(const LogRecord& record, LogFormat format) {
  std::string out;
  LogTime time(format);
  format_record(record, format, time, out);
  return out;
}

// --- Lines ---

TEST(Lines, are_those_of_Apache) {
  EXPECT_EQ(line(usual, LogFormat::combined),
            "192.0.2.1 - - [06/Nov/1994:08:49:37 +0000] \"GET /a?b HTTP/1.1\" 200 567 "
            "\"http://b/\" \"curl/8\"\n");
  EXPECT_EQ(line({.remote = "unix", .status = 400}, LogFormat::combined),
            "unix - - [01/Jan/1970:00:00:00 +0000] \"-\" 400 0 \"-\" \"-\"\n");
}

TEST(Lines, are_JSON) {
  EXPECT_EQ(line(usual, LogFormat::json),
            "{\"time\":\"1994-11-06T08:49:37Z\",\"remote\":\"192.0.2.1\",\"method\":\"GET\","
            "\"target\":\"/a?b\",\"protocol\":\"HTTP/1.1\",\"status\":200,\"bytes\":567,"
            "\"duration_us\":1234,\"referer\":\"http://b/\",\"user_agent\":\"curl/8\","
            "\"aborted\":false}\n");
  EXPECT_EQ(line({.remote = "unix", .status = 400, .aborted = true}, LogFormat::json),
            "{\"time\":\"1970-01-01T00:00:00Z\",\"remote\":\"unix\",\"method\":\"\","
            "\"target\":\"\",\"protocol\":\"\",\"status\":400,\"bytes\":0,\"duration_us\":0,"
            "\"referer\":\"\",\"user_agent\":\"\",\"aborted\":true}\n");
}

// A JSON string at the front of `text`, decoded by RFC 8259; false if it is none. Takes it off.
bool take_json_string(std::string_view& text, std::string& value) {
  if (!text.starts_with('"')) return false;
  for (text.remove_prefix(1); !text.empty(); text.remove_prefix(1)) {
    const char byte = text.front();
    if (byte == '"') {
      text.remove_prefix(1);
      return true;
    }
    if (static_cast<unsigned char>(byte) < 0x20 || static_cast<unsigned char>(byte) > 0x7e) {
      return false;
    }
    if (byte != '\\') {
      value += byte;
      continue;
    }
    text.remove_prefix(1);
    if (text.starts_with('"') || text.starts_with('\\')) {
      value += text.front();
    } else if (text.starts_with("u00") && text.size() >= 5) {
      value += static_cast<char>(std::stoi(std::string(text.substr(3, 2)), nullptr, 16));
      text.remove_prefix(4);
    } else {
      return false;
    }
  }
  return false;
}

// Every byte in every text: one line, printable, and in JSON the very bytes again.
TEST(Lines, cannot_be_broken_or_forged) {
  std::string odd;
  for (int byte = 0; byte < 256; ++byte) odd += static_cast<char>(byte);
  odd += "\" 200 1\\\"\r\n";
  LogRecord record = usual;
  record.method = record.target = record.referer = record.user_agent = odd;
  for (const LogFormat format : {LogFormat::combined, LogFormat::json}) {
    const std::string text = line(record, format);
    EXPECT_EQ(text.find('\n'), text.size() - 1);
    for (const char byte : text.substr(0, text.size() - 1)) {
      EXPECT_TRUE(byte >= 0x20 && byte < 0x7f) << static_cast<int>(byte);
    }
  }
  const std::string json = line(record, LogFormat::json);
  for (const std::string_view name : {"method", "target", "referer", "user_agent"}) {
    const std::size_t at = json.find("\"" + std::string(name) + "\":");
    ASSERT_NE(at, std::string::npos);
    std::string_view rest = std::string_view(json).substr(at + name.size() + 3);
    std::string value;
    ASSERT_TRUE(take_json_string(rest, value)) << name;
    EXPECT_EQ(value, odd) << name;
    EXPECT_TRUE(rest.starts_with(",\"")) << name;
  }
  record = usual;
  record.target = "/\"\\\x01\xff";
  EXPECT_NE(line(record, LogFormat::combined).find("GET /\\\"\\\\\\x01\\xff HTTP"),
            std::string::npos);
}

// --- The writer ---

std::size_t lines_in(std::string_view text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST(Writer, has_written_everything_when_stop_returns) {
  const lab::Folder folder;
  folder.put("log", "before\n");
  AccessLog log((folder / "log").string(), LogFormat::combined);
  ASSERT_EQ(log.open(), 0);
  std::array<std::thread, 4> workers;
  for (std::thread& worker : workers) {
    worker = std::thread([&log] {
      for (int i = 0; i < 5000; ++i) log.append(usual);
    });
  }
  for (std::thread& worker : workers) worker.join();
  log.append_text("last\n");
  log.stop();
  const std::string text = folder.get("log");
  EXPECT_EQ(lines_in(text), 20'002U);
  EXPECT_TRUE(text.starts_with("before\n192.0.2.1 "));
  EXPECT_TRUE(text.ends_with("\nlast\n"));
  log.stop();  // once more does no harm
}

TEST(Writer, writes_without_being_stopped) {
  const lab::Folder folder;
  AccessLog log((folder / "log").string(), LogFormat::json);
  ASSERT_EQ(log.open(), 0);
  log.append(usual);
  for (int i = 0; i < 1000 && folder.get("log").empty(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(folder.get("log"), line(usual, LogFormat::json));
}

TEST(Writer, says_why_it_cannot_open) {
  AccessLog log("/nowhere/log", LogFormat::combined);
  EXPECT_EQ(log.open(), ENOENT);
}

TEST(Writer, goes_on_in_a_new_file_after_the_old_was_moved) {
  const lab::Folder folder;
  AccessLog log((folder / "log").string(), LogFormat::combined);
  ASSERT_EQ(log.open(), 0);
  log.append_text("one\n");
  std::filesystem::rename(folder / "log", folder / "old");
  log.reopen();
  for (int i = 0; i < 1000 && !folder.has("log"); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  log.append_text("two\n");
  log.stop();
  EXPECT_EQ(folder.get("old"), "one\n");
  EXPECT_EQ(folder.get("log"), "two\n");
}

// A disk that is full: /dev/full takes nothing. What stderr is told comes once in ten seconds.
TEST(Writer, counts_what_a_full_disk_refuses_and_says_so) {
  const lab::Folder folder;
  std::filesystem::create_symlink("/dev/full", folder / "log");
  AccessLog log((folder / "log").string(), LogFormat::json);
  ::testing::internal::CaptureStderr();
  ASSERT_EQ(log.open(), 0);
  for (int i = 0; i < 5; ++i) {
    log.append(usual);
    std::this_thread::sleep_for(std::chrono::milliseconds(70));  // several writes
  }
  std::filesystem::remove(folder / "log");
  log.reopen();
  for (int i = 0; i < 1000 && !folder.has("log"); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  log.append(usual);
  log.stop();
  EXPECT_EQ(folder.get("log"),
            "{\"lost\":5,\"reason\":\"could not be written\"}\n" + line(usual, LogFormat::json));
  const std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(lines_in(said), 1U) << said;
  EXPECT_TRUE(said.starts_with("quoitd: cannot write the log ")) << said;
  EXPECT_NE(said.find(": No space left on device; "), std::string::npos) << said;
}

// A file that may not grow any more, in the middle of a line.
TEST(Writer, begins_a_line_of_its_own_after_a_torn_one) {
  const lab::Folder folder;
  AccessLog log((folder / "log").string(), LogFormat::combined);
  ASSERT_EQ(log.open(), 0);
  ::testing::internal::CaptureStderr();
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = 6;
  ::setrlimit(RLIMIT_FSIZE, &small);
  log.append_text("one\n");
  log.append_text("two\n");
  for (int i = 0; i < 1000 && folder.get("log").size() < 6; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(100));  // until the rest has failed
  ::setrlimit(RLIMIT_FSIZE, &before);
  log.append_text("three\n");
  log.stop();
  ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(folder.get("log"), "one\ntw\n# 1 lines lost: could not be written\nthree\n");
}

// A pipe that nobody reads, for a while: appending goes on, what does not fit is counted.
class SlowReader : public ::testing::Test {
 protected:
  SlowReader() {
    EXPECT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
    reader_ = uring::Fd(::open((folder_ / "pipe").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  }
  std::string pipe() const { return (folder_ / "pipe").string(); }

  // Reads until the writer has closed its end.
  std::string read_all() const {
    std::string all;
    std::array<char, 65536> room;
    for (;;) {
      const ssize_t count = ::read(reader_.get(), room.data(), room.size());
      if (count > 0) all.append(room.data(), static_cast<std::size_t>(count));
      if (count == 0) return all;
      if (count < 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  lab::Folder folder_;
  uring::Fd reader_;
};

TEST_F(SlowReader, never_makes_a_worker_wait_and_is_told_what_was_lost) {
  AccessLog log(pipe(), LogFormat::combined);
  ASSERT_EQ(log.open(), 0);
  constexpr std::size_t lines = 150'000;  // about 16 MiB, of which some 8 can wait
  const auto before = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < lines; ++i) log.append(usual);
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(20));
  std::string text;
  std::thread reader([&] { text = read_all(); });
  log.stop();
  reader.join();
  constexpr std::string_view mark = "# ";
  const std::size_t at = text.find(mark);
  ASSERT_NE(at, std::string::npos);
  std::size_t lost = 0;
  std::size_t notes = 0;
  for (std::size_t note = at; note != std::string::npos; note = text.find(mark, note + 1)) {
    lost += std::stoul(text.substr(note + mark.size(), 20));
    ++notes;
  }
  EXPECT_EQ(lines_in(text) - notes + lost, lines);
  EXPECT_GT(lost, 0U);
}

TEST_F(SlowReader, who_takes_nothing_does_not_keep_the_server_from_stopping) {
  AccessLog log(pipe(), LogFormat::combined);
  ASSERT_EQ(log.open(), 0);
  for (std::size_t i = 0; i < 10'000; ++i) log.append(usual);
  const auto before = std::chrono::steady_clock::now();
  log.stop();
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(20));
}

TEST_F(SlowReader, who_goes_away_ends_nothing_but_the_log) {
  AccessLog log(pipe(), LogFormat::combined);
  ASSERT_EQ(log.open(), 0);
  reader_.reset();
  for (std::size_t i = 0; i < 10'000; ++i) log.append(usual);
  log.stop();
}

}  // namespace
}  // namespace server

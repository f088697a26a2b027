// The writer thread: it loses no line that could be written, and no worker waits for it.
#include "apps/server/log/access_log.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <signal.h>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include <gtest/gtest.h>

#include "tests/server/log/records.h"
#include "tests/support/eventually.h"
#include "uring/fd.h"

namespace server {
namespace {

using lab::line;
using lab::usual;
using test_support::eventually;

std::size_t lines_in(std::string_view text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST(Writer, has_written_all_lines_when_stop_returns) {
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
  log.stop();  // a second call does nothing
}

TEST(Writer, writes_lines_soon_without_a_stop) {
  const lab::Folder folder;
  AccessLog log((folder / "log").string(), LogFormat::json);
  ASSERT_EQ(log.open(), 0);
  log.append(usual);
  EXPECT_TRUE(eventually([&] { return !folder.get("log").empty(); }));
  EXPECT_EQ(folder.get("log"), line(usual, LogFormat::json));
}

TEST(Writer, returns_the_errno_of_a_failed_open) {
  AccessLog log("/nowhere/log", LogFormat::combined);
  EXPECT_EQ(log.open(), ENOENT);
}

TEST(Writer, continues_in_a_new_file_after_the_old_one_was_renamed) {
  const lab::Folder folder;
  AccessLog log((folder / "log").string(), LogFormat::combined);
  ASSERT_EQ(log.open(), 0);
  log.append_text("one\n");
  std::filesystem::rename(folder / "log", folder / "old");
  log.reopen();
  EXPECT_TRUE(eventually([&] { return folder.has("log"); }));
  log.append_text("two\n");
  log.stop();
  EXPECT_EQ(folder.get("old"), "one\n");
  EXPECT_EQ(folder.get("log"), "two\n");
}

// --- Changes of a running log ---

LogFile open_file(const lab::Folder& folder, std::string_view name, LogFormat format) {
  LogFile file{.path = (folder / name).string(),
               .format = std::make_shared<const LogFormat>(std::move(format))};
  EXPECT_EQ(file.open(), 0);
  return file;
}

TEST(Changes, send_each_line_to_the_file_and_in_the_format_of_its_time) {
  const lab::Folder folder;
  AccessLog log((folder / "0").string(), LogFormat::combined);
  ASSERT_EQ(log.open(), 0);
  std::string expected = line(usual, LogFormat::combined);
  log.append(usual);
  for (int i = 1; i < 20; ++i) {
    const LogFormat format = i % 2 == 0 ? LogFormat::combined : LogFormat::json;
    log.change(open_file(folder, std::to_string(i), format));
    // Mostly before the writer thread has made the change, and sometimes after it.
    log.append(usual);
    if (i % 3 == 0) {
      const std::string name = std::to_string(i);
      EXPECT_TRUE(eventually([&] { return folder.get(name).ends_with(line(usual, format)); }));
    }
  }
  log.stop();
  std::size_t lines = 0;
  for (int i = 0; i < 20; ++i) lines += lines_in(folder.get(std::to_string(i)));
  EXPECT_EQ(lines, 20U);
  EXPECT_EQ(folder.get("0"), expected);
}

TEST(Changes, may_come_before_the_first_line) {
  const lab::Folder folder;
  AccessLog log("off", LogFormat::combined);
  log.start();
  log.start();  // a second call does nothing
  log.change(open_file(folder, "log", LogFormat::json));
  log.append(usual);
  log.stop();
  EXPECT_EQ(folder.get("log"), line(usual, LogFormat::json));
}

TEST(Changes, lead_away_from_a_pipe_that_is_not_read) {
  const lab::Folder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  const uring::Fd reader(::open((folder / "pipe").c_str(), O_RDONLY | O_NONBLOCK));
  AccessLog log((folder / "pipe").string(), LogFormat::combined);
  ASSERT_EQ(log.open(), 0);
  const std::string text(200'000, 'x');  // more than the pipe holds
  log.append_text(text + "\n");
  ::testing::internal::CaptureStderr();
  log.change(open_file(folder, "log", LogFormat::combined));
  log.append(usual);
  EXPECT_TRUE(
      eventually([&] { return folder.get("log").ends_with(line(usual, LogFormat::combined)); }));
  log.stop();
  EXPECT_NE(::testing::internal::GetCapturedStderr().find("1 lines are lost"), std::string::npos);
}

// A request that began before the change was recorded with the fields of the old format.
TEST(Changes, leave_the_fields_of_another_format_out) {
  const lab::Folder folder;
  LogFormat before;
  LogFormat after;
  ASSERT_EQ(read_log_format("%{Host}i %m", before), "");
  ASSERT_EQ(read_log_format("%{Accept}i %{Host}i %{c}a %m", after), "");
  AccessLog log((folder / "log").string(), before);
  ASSERT_EQ(log.open(), 0);
  const std::array<std::string_view, 1> old_fields = {"host"};
  LogRecord record = usual;
  record.fields = old_fields;
  log.append(record, &before);
  log.change(open_file(folder, "log", after));
  log.append(record, &before);
  const std::array<std::string_view, 2> fields = {"all", "host"};
  record.fields = fields;
  record.peer = "192.0.2.9";
  log.append(record, &after);
  log.stop();
  EXPECT_EQ(folder.get("log"), "host GET\n- - - GET\nall host 192.0.2.9 GET\n");
}

TEST(Changes, to_an_unusable_path_fail_when_the_file_is_opened) {
  LogFile file{.path = "/nowhere/log", .format = std::make_shared<const LogFormat>()};
  EXPECT_EQ(file.open(), ENOENT);
}

// --- Writes that fail ---

// /dev/full behaves like a full disk. Standard error gets one report in ten seconds.
TEST(Writer, counts_and_reports_lines_that_a_full_disk_refuses) {
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
  EXPECT_TRUE(eventually([&] { return folder.has("log"); }));
  log.append(usual);
  log.stop();
  EXPECT_EQ(folder.get("log"),
            "{\"lost\":5,\"reason\":\"could not be written\"}\n" + line(usual, LogFormat::json));
  const std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(lines_in(said), 1U) << said;
  EXPECT_TRUE(said.starts_with("quoitd: cannot write the log ")) << said;
  EXPECT_NE(said.find(": No space left on device; "), std::string::npos) << said;
}

// The limit of the file size is reached within a line.
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
  EXPECT_TRUE(eventually([&] { return folder.get("log").size() >= 6; }));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));  // until the rest has failed
  ::setrlimit(RLIMIT_FSIZE, &before);
  log.append_text("three\n");
  log.stop();
  ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(folder.get("log"), "one\ntw\n# 1 lines lost: could not be written\nthree\n");
}

// A server may have stopped while the disk was full.
TEST(Writer, begins_a_line_of_its_own_in_a_file_that_ends_within_a_line) {
  const lab::Folder folder;
  folder.put("log", "one\ntw");
  for (const char* text : {"three\n", "four\n"}) {
    AccessLog log((folder / "log").string(), LogFormat::combined);
    ASSERT_EQ(log.open(), 0);
    log.append_text(text);
    log.stop();
  }
  EXPECT_EQ(folder.get("log"), "one\ntw\nthree\nfour\n");
}

TEST(Writer, begins_a_reopened_file_by_the_end_of_that_file) {
  const lab::Folder folder;
  folder.put("log", "torn");
  AccessLog log((folder / "log").string(), LogFormat::combined);
  ASSERT_EQ(log.open(), 0);
  // Appends until the writer thread uses the file "log".
  const auto append = [&] {
    const std::string before = folder.get("log");
    EXPECT_TRUE(eventually([&] {
      log.append_text("line\n");
      return folder.get("log") != before;
    }));
  };
  append();
  EXPECT_TRUE(folder.get("log").starts_with("torn\nline\n"));
  std::filesystem::remove(folder / "log");
  log.reopen();
  append();
  EXPECT_TRUE(folder.get("log").starts_with("line\n"));
  folder.put("another", "torn as well");
  std::filesystem::rename(folder / "another", folder / "log");
  log.reopen();
  append();
  log.stop();
  EXPECT_TRUE(folder.get("log").starts_with("torn as well\nline\n"));
}

// open(2) of a FIFO waits for a reader, unless it is told not to.
TEST(Writer, does_not_wait_for_the_reader_of_a_pipe) {
  const lab::Folder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  AccessLog log((folder / "pipe").string(), LogFormat::combined);
  EXPECT_EQ(log.open(), ENXIO);
  EXPECT_EQ(AccessLog::open_error(ENXIO), "no process reads from it");
  EXPECT_EQ(AccessLog::open_error(ENOENT), "No such file or directory");
}

TEST(Writer, goes_on_with_the_old_log_if_the_new_one_is_a_pipe_without_a_reader) {
  const lab::Folder folder;
  AccessLog log((folder / "log").string(), LogFormat::combined);
  ASSERT_EQ(log.open(), 0);
  std::filesystem::rename(folder / "log", folder / "old");
  ASSERT_EQ(::mkfifo((folder / "log").c_str(), 0600), 0);
  ::testing::internal::CaptureStderr();
  log.reopen();
  log.append_text("one\n");
  EXPECT_TRUE(eventually([&] { return !folder.get("old").empty(); }));
  log.append_text("two\n");
  log.stop();
  EXPECT_EQ(::testing::internal::GetCapturedStderr(),
            "quoitd: cannot reopen the log " + (folder / "log").string() +
                ": no process reads from it; logging goes on to the old file\n");
  EXPECT_EQ(folder.get("old"), "one\ntwo\n");
}

// A pipe that is not read for a while: appending goes on, and dropped lines are counted.
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
    std::array<char, 65536> buffer;
    for (;;) {
      const ssize_t count = ::read(reader_.get(), buffer.data(), buffer.size());
      if (count > 0) all.append(buffer.data(), static_cast<std::size_t>(count));
      if (count == 0) return all;
      if (count < 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  lab::Folder folder_;
  uring::Fd reader_;
};

TEST_F(SlowReader, delays_no_worker_and_receives_the_number_of_dropped_lines) {
  AccessLog log(pipe(), LogFormat::combined);
  ASSERT_EQ(log.open(), 0);
  constexpr std::size_t lines = 150'000;  // about 16 MiB, of which buffer and pipe hold some 8
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

TEST_F(SlowReader, does_not_keep_the_server_from_stopping) {
  AccessLog log(pipe(), LogFormat::combined);
  ASSERT_EQ(log.open(), 0);
  for (std::size_t i = 0; i < 10'000; ++i) log.append(usual);
  const auto before = std::chrono::steady_clock::now();
  log.stop();
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(20));
}

TEST_F(SlowReader, that_goes_away_ends_nothing_but_the_log) {
  AccessLog log(pipe(), LogFormat::combined);
  ASSERT_EQ(log.open(), 0);
  reader_.reset();
  for (std::size_t i = 0; i < 10'000; ++i) log.append(usual);
  log.stop();
}

}  // namespace
}  // namespace server

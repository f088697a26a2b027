// Files that appear whole or not at all, and streams.
#include "apps/client/local/output_file.h"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "uring/loop.h"
#include "uring/scope.h"
#include "uring/simulated.h"

namespace client {
namespace {

enum class Finish { publish, discard };

struct Saved {
  ExitCode code = ExitCode::ok;
  OutputFile output;
};

uring::Task<> save(uring::Io& io, const std::string& name, std::string_view bytes, Finish finish,
                   Saved& saved) {
  const ExitCode opened = co_await open_output(io, saved.output, name);
  saved.code = opened;
  if (opened != ExitCode::ok) co_return;
  const ExitCode written = co_await write_output(io, saved.output, bytes);
  saved.code = written;
  if (written != ExitCode::ok || finish == Finish::discard) {
    co_await discard_output(io, saved.output);
    co_return;
  }
  const ExitCode published = co_await publish_output(io, saved.output);
  saved.code = published;
}

class OutputFileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "quoit-output-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string path(const char* name) const { return (directory_ / name).string(); }
  std::string content(const char* name) const {
    std::ifstream stream(path(name), std::ios::binary);
    std::stringstream text;
    text << stream.rdbuf();
    return text.str();
  }
  void write(const char* name, const std::string& content) const {
    std::ofstream(path(name), std::ios::binary) << content;
  }
  std::set<std::string> files() const {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
      names.insert(entry.path().filename().string());
    }
    return names;
  }
  // Runs the coroutine that begin(io) returns.
  template <typename Begin>
  void run(Begin begin) {
    uring::Loop loop(engine_);
    uring::Scope scope(loop);
    uring::Io io(scope);
    scope.spawn(begin(io));
    loop.run(scope);
    EXPECT_EQ(engine_.open_files(), 0U);
  }
  Saved saved(const std::string& name, std::string_view bytes, Finish finish = Finish::publish) {
    Saved result;
    run([&](uring::Io& io) { return save(io, name, bytes, finish, result); });
    return result;
  }

  std::filesystem::path directory_;
  uring::Simulated engine_;
};

using Files = std::set<std::string>;

TEST_F(OutputFileTest, PublishesAFileUnderItsName) {
  const Saved result = saved(path("a"), "hello");
  EXPECT_EQ(result.code, ExitCode::ok) << result.output.error.text;
  EXPECT_EQ(result.output.size, 5U);
  EXPECT_EQ(content("a"), "hello");
  EXPECT_EQ(files(), Files{"a"});
}

TEST_F(OutputFileTest, LeavesTheOldFileWhenItIsDiscarded) {
  write("a", "old");
  EXPECT_EQ(saved(path("a"), "new", Finish::discard).code, ExitCode::ok);
  EXPECT_EQ(content("a"), "old");
  EXPECT_EQ(files(), Files{"a"});
}

TEST_F(OutputFileTest, LeavesTheOldFileWhereWritingOrRenamingFails) {
  write("a", "old");
  for (const uring::OpCode code : {uring::OpCode::write, uring::OpCode::rename}) {
    engine_.plan_next(code, {.error = ENOSPC});
    const Saved result = saved(path("a"), "new");
    EXPECT_EQ(result.code, ExitCode::write_error);
    EXPECT_NE(result.output.error.text.find("no space left"), std::string::npos);
    EXPECT_EQ(content("a"), "old");
    EXPECT_EQ(files(), Files{"a"});
  }
}

uring::Task<> save_renamed(uring::Io& io, const std::string& name, const std::string& other,
                           bool is_late, Saved& saved) {
  const ExitCode opened = co_await open_output(io, saved.output, name);
  saved.code = opened == ExitCode::ok ? rename_output(saved.output, "other") : opened;
  const ExitCode written = co_await write_output(io, saved.output, "new");
  EXPECT_EQ(written, ExitCode::ok);
  if (is_late) std::ofstream(other) << "of another program";
  const ExitCode published = co_await publish_output(io, saved.output);
  saved.code = published;
}

// A file system without RENAME_NOREPLACE, as NFS: a name from a server still replaces nothing.
TEST_F(OutputFileTest, ReplacesNothingUnderANameOfTheServer) {
  const std::string name = path("a");
  const std::string other = path("other");
  for (const bool is_late : {false, true}) {
    for (const int error : {0, EINVAL}) {
      Saved result;
      if (error != 0) engine_.plan_next(uring::OpCode::rename, {.error = error});
      run([&](uring::Io& io) { return save_renamed(io, name, other, is_late, result); });
      EXPECT_EQ(result.code, is_late ? ExitCode::write_error : ExitCode::ok);
      EXPECT_EQ(content("other"), is_late ? "of another program" : "new");
      EXPECT_EQ(files(), Files{"other"});
      std::filesystem::remove(path("other"));
    }
  }
}

TEST_F(OutputFileTest, ReplacesTheFileBehindALinkAndKeepsItsPermissions) {
  write("real", "old");
  ASSERT_EQ(::chmod(path("real").c_str(), 0640), 0);
  std::filesystem::create_symlink("real", path("link"));
  EXPECT_EQ(saved(path("link"), "new").code, ExitCode::ok);
  EXPECT_TRUE(std::filesystem::is_symlink(path("link")));
  EXPECT_EQ(content("real"), "new");
  struct stat facts {};
  ASSERT_EQ(::stat(path("real").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0640U);
}

TEST_F(OutputFileTest, MakesTheFileThatALinkLeadsTo) {
  std::filesystem::create_directory(path("d"));
  std::filesystem::create_symlink("d/first", path("link"));
  std::filesystem::create_symlink(path("second"), path("d/first"));
  EXPECT_EQ(saved(path("link"), "new").code, ExitCode::ok);
  EXPECT_TRUE(std::filesystem::is_symlink(path("link")));
  EXPECT_TRUE(std::filesystem::is_symlink(path("d/first")));
  EXPECT_EQ(content("second"), "new");
  std::filesystem::create_symlink("nowhere/x", path("lost"));
  const Saved lost = saved(path("lost"), "new");
  EXPECT_EQ(lost.code, ExitCode::write_error);
  EXPECT_NE(lost.output.error.text.find("directory does not exist"), std::string::npos);
  EXPECT_TRUE(std::filesystem::is_symlink(path("lost")));
}

TEST_F(OutputFileTest, FailsOnLinksInACircle) {
  std::filesystem::create_symlink("b", path("a"));
  std::filesystem::create_symlink("a", path("b"));
  const Saved result = saved(path("a"), "new");
  EXPECT_EQ(result.code, ExitCode::write_error);
  EXPECT_NE(result.output.error.text.find("its links lead in circles"), std::string::npos);
  EXPECT_TRUE(std::filesystem::is_symlink(path("a")));
}

TEST_F(OutputFileTest, WritesADeviceDirectly) {
  const Saved result = saved("/dev/null", "hello");
  EXPECT_EQ(result.code, ExitCode::ok);
  EXPECT_TRUE(result.output.is_stream);
  EXPECT_EQ(result.output.target, "");
}

TEST_F(OutputFileTest, SaysWhyItCannotBeOpened) {
  EXPECT_NE(saved(directory_.string(), "x").output.error.text.find("it is a directory"),
            std::string::npos);
  EXPECT_NE(saved(path("missing/a"), "x").output.error.text.find("directory does not exist"),
            std::string::npos);
}

// --- What an earlier run left ---

constexpr std::size_t much = 100'000;

// The arguments of the coroutines below, which outlive them.
struct EarlierRun {
  std::string name;
  std::string bytes;
  PartRecord record = {.url = "http://h/a", .version = {.validator = "\"t\"", .size = 2 * much}};
};

// A run that is interrupted after some bytes.
uring::Task<> break_off(uring::Io& io, const EarlierRun& run) {
  OutputFile output;
  const ExitCode opened = co_await open_output(io, output, run.name);
  EXPECT_EQ(opened, ExitCode::ok);
  record_output(output, run.record);
  const ExitCode written = co_await write_output(io, output, run.bytes);
  EXPECT_EQ(written, ExitCode::ok);
  co_await discard_output(io, output);
}

struct NextRun {
  std::string name;
  std::string url = "http://h/a";
  Saved saved = {.code = ExitCode::partial_file};  // which stays where nothing was found
  Version version = {};
};

uring::Task<> go_on(uring::Io& io, NextRun& next) {
  OutputFile& output = next.saved.output;
  PartRecord kept;
  const bool found = co_await open_kept_output(io, output, next.name, next.url, kept);
  next.version = kept.version;
  if (!found) co_return;
  const ExitCode written = co_await write_output(io, output, "b");
  EXPECT_EQ(written, ExitCode::ok);
  const ExitCode published = co_await publish_output(io, output);
  next.saved.code = published;
}

TEST_F(OutputFileTest, GoesOnWhereAnEarlierRunEnded) {
  const EarlierRun earlier{.name = path("a"), .bytes = std::string(much, 'a')};
  write("a", "old");
  ASSERT_EQ(::chmod(path("a").c_str(), 0640), 0);
  run([&](uring::Io& io) { return break_off(io, earlier); });
  EXPECT_EQ(content("a"), "old");
  EXPECT_EQ(files(), (Files{"a", ".a.quoit-part", ".a.quoit-part.meta"}));
  NextRun other{.name = path("a"), .url = "http://h/other"};
  run([&](uring::Io& io) { return go_on(io, other); });
  EXPECT_EQ(other.saved.code, ExitCode::partial_file) << "the bytes are those of another URL";
  NextRun next{.name = path("a")};
  run([&](uring::Io& io) { return go_on(io, next); });
  EXPECT_EQ(next.saved.code, ExitCode::ok) << next.saved.output.error.text;
  EXPECT_EQ(next.version.validator, "\"t\"");
  EXPECT_EQ(content("a"), earlier.bytes + "b");
  EXPECT_EQ(files(), Files{"a"});
  struct stat facts {};
  ASSERT_EQ(::stat(path("a").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0640U);
}

TEST_F(OutputFileTest, KeepsNothingThatIsSmallOrOfAnUnknownVersion) {
  const EarlierRun small{.name = path("a"), .bytes = "hello"};
  run([&](uring::Io& io) { return break_off(io, small); });
  EXPECT_EQ(files(), Files{});
  const EarlierRun unknown{
      .name = path("a"), .bytes = std::string(much, 'a'), .record = {.url = "http://h/a"}};
  run([&](uring::Io& io) { return break_off(io, unknown); });
  EXPECT_EQ(files(), Files{});
}

TEST_F(OutputFileTest, TakesNothingThatDoesNotFitItsRecord) {
  const EarlierRun earlier{.name = path("a"), .bytes = std::string(3 * much, 'a')};
  run([&](uring::Io& io) { return break_off(io, earlier); });
  NextRun larger{.name = path("a")};
  run([&](uring::Io& io) { return go_on(io, larger); });
  EXPECT_EQ(larger.saved.code, ExitCode::partial_file) << "the file has fewer bytes";
  std::filesystem::remove(path(".a.quoit-part.meta"));
  NextRun unknown{.name = path("a")};
  run([&](uring::Io& io) { return go_on(io, unknown); });
  EXPECT_EQ(unknown.saved.code, ExitCode::partial_file) << "nothing tells the version";
  EXPECT_EQ(saved(path("a"), "new").code, ExitCode::ok);
  EXPECT_EQ(content("a"), "new");
  EXPECT_EQ(files(), Files{"a"}) << "a new download uses the file that was left";
}

TEST_F(OutputFileTest, LeavesThePartFileOfAnotherProcessAlone) {
  write(".a.quoit-part", "theirs");
  const int theirs = ::open(path(".a.quoit-part").c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_EQ(::flock(theirs, LOCK_EX), 0);
  EXPECT_EQ(saved(path("a"), "hello").code, ExitCode::ok);
  EXPECT_EQ(content("a"), "hello");
  EXPECT_EQ(content(".a.quoit-part"), "theirs");
  EXPECT_EQ(saved(path("a"), "new", Finish::discard).code, ExitCode::ok);
  EXPECT_EQ(files(), (Files{"a", ".a.quoit-part"}));
  ::close(theirs);
}

TEST_F(OutputFileTest, FollowsNoLinkThatStandsForAPartFile) {
  write("precious", "precious");
  std::filesystem::create_symlink("precious", path(".a.quoit-part"));
  EXPECT_EQ(saved(path("a"), "hello").code, ExitCode::ok);
  EXPECT_EQ(content("a"), "hello");
  EXPECT_EQ(content("precious"), "precious");
}

TEST(TemporaryName, IsHiddenAndStandsBesideTheTarget) {
  EXPECT_EQ(temporary_name("a", 1), ".a.0000000000000001.part");
  EXPECT_EQ(temporary_name("/x/y/a", 0xabc), "/x/y/.a.0000000000000abc.part");
  EXPECT_LE(temporary_name(std::string(255, 'a'), 1).size(), 255U);
}

}  // namespace
}  // namespace client

// Files that appear whole or not at all, and streams.
#include "apps/client/local/output_file.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <sys/stat.h>

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
  Saved saved(const std::string& name, std::string_view bytes, Finish finish = Finish::publish) {
    uring::Loop loop(engine_);
    uring::Scope scope(loop);
    uring::Io io(scope);
    Saved result;
    scope.spawn(save(io, name, bytes, finish, result));
    loop.run(scope);
    EXPECT_EQ(engine_.open_files(), 0U);
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

TEST(TemporaryName, IsHiddenAndStandsBesideTheTarget) {
  EXPECT_EQ(temporary_name("a", 1), ".a.0000000000000001.part");
  EXPECT_EQ(temporary_name("/x/y/a", 0xabc), "/x/y/.a.0000000000000abc.part");
  EXPECT_LE(temporary_name(std::string(255, 'a'), 1).size(), 255U);
}

}  // namespace
}  // namespace client

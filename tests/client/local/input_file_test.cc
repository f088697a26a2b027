// Files and streams as pieces of an upload.
#include "apps/client/local/input_file.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "uring/loop.h"
#include "uring/scope.h"
#include "uring/simulated.h"

namespace client {
namespace {

struct Upload {
  ExitCode code = ExitCode::ok;
  InputFile input;
  std::vector<std::string> pieces;
};

// Opens the file and reads it to its end. Calls `between` after the first piece.
uring::Task<> read_all(uring::Io& io, const std::string& name, void (*between)(const std::string&),
                       Upload& upload) {
  const ExitCode opened = co_await open_input(io, upload.input, name);
  upload.code = opened;
  while (upload.code == ExitCode::ok && !upload.input.at_end) {
    const ExitCode read = co_await read_piece(io, upload.input);
    upload.code = read;
    if (read != ExitCode::ok) break;
    upload.pieces.emplace_back(upload.input.piece);
    if (between && upload.pieces.size() == 1) between(name);
  }
  close_input(io.engine(), upload.input);
}

uring::Task<> read_twice(uring::Io& io, const std::string& name, Upload& upload) {
  const ExitCode opened = co_await open_input(io, upload.input, name);
  upload.code = opened;
  for (int round = 0; round < 2; ++round) {
    while (!upload.input.at_end) {
      const ExitCode read = co_await read_piece(io, upload.input);
      upload.code = read;
      upload.pieces.emplace_back(upload.input.piece);
    }
    seek_input(upload.input, 0, upload.input.length);
  }
  close_input(io.engine(), upload.input);
}

class InputFileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "quoit-input-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string path(const char* name) const { return (directory_ / name).string(); }
  void write(const char* name, const std::string& content) const {
    std::ofstream(path(name), std::ios::binary) << content;
  }
  Upload read(const std::string& name, void (*between)(const std::string&) = nullptr) {
    uring::Simulated engine;
    uring::Loop loop(engine);
    uring::Scope scope(loop);
    uring::Io io(scope);
    Upload upload;
    scope.spawn(read_all(io, name, between, upload));
    loop.run(scope);
    EXPECT_EQ(engine.open_files(), 0U);
    return upload;
  }

  std::filesystem::path directory_;
};

TEST_F(InputFileTest, ReadsAFileInPieces) {
  write("a", std::string(600'000, 'x'));
  const Upload upload = read(path("a"));
  EXPECT_EQ(upload.code, ExitCode::ok) << upload.input.error.text;
  EXPECT_FALSE(upload.input.is_stream);
  EXPECT_EQ(upload.input.length, 600'000U);
  EXPECT_EQ(upload.input.size, 600'000U);
  ASSERT_EQ(upload.pieces.size(), 10U);
  EXPECT_EQ(upload.pieces[0].size(), 65'536U);
  EXPECT_EQ(upload.pieces[9].size(), 600'000U - 9 * 65'536U);
}

TEST_F(InputFileTest, HasNoPieceOfAnEmptyFile) {
  write("empty", "");
  const Upload upload = read(path("empty"));
  EXPECT_EQ(upload.code, ExitCode::ok);
  EXPECT_TRUE(upload.input.at_end);
  EXPECT_EQ(upload.pieces.size(), 0U);
}

TEST_F(InputFileTest, FramesTheBytesOfAStreamAsChunks) {
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  // A thread writes: opening the pipe for writing waits for its reader.
  std::thread writer([this] { write("pipe", "hello world"); });
  const Upload upload = read(path("pipe"));
  writer.join();
  EXPECT_EQ(upload.code, ExitCode::ok) << upload.input.error.text;
  EXPECT_TRUE(upload.input.is_stream);
  EXPECT_EQ(upload.input.size, 11U);
  const std::vector<std::string> expected = {"b\r\nhello world\r\n", "0\r\n\r\n"};
  EXPECT_EQ(upload.pieces, expected);
}

TEST_F(InputFileTest, ReadsToTheEndWhereTheSystemSaysThatAFileIsEmpty) {
  const Upload upload = read("/proc/version");
  EXPECT_EQ(upload.code, ExitCode::ok) << upload.input.error.text;
  EXPECT_FALSE(upload.input.is_stream) << "the first piece has the whole file";
  ASSERT_EQ(upload.pieces.size(), 1U);
  EXPECT_EQ(upload.pieces[0].substr(0, 5), "Linux");
  EXPECT_EQ(upload.input.length, upload.pieces[0].size());
}

TEST_F(InputFileTest, ReadsALongFileWithoutASizeInChunks) {
  // /proc/self/mem says that it is empty and cannot be read at 0; kallsyms is long.
  const Upload upload = read("/proc/kallsyms");
  if (upload.code != ExitCode::ok || upload.input.size < 600'000) GTEST_SKIP() << "no such file";
  EXPECT_TRUE(upload.input.is_stream);
  EXPECT_EQ(upload.pieces.front().substr(0, 7), "10000\r\n");
  EXPECT_EQ(upload.pieces.back(), "0\r\n\r\n");
}

TEST_F(InputFileTest, ReadsToTheEndWhereTheSystemSaysThatAFileIsLonger) {
  const char* name = "/sys/kernel/mm/transparent_hugepage/enabled";
  if (!std::filesystem::exists(name)) GTEST_SKIP() << "no such file";
  const Upload upload = read(name);
  EXPECT_EQ(upload.code, ExitCode::ok) << upload.input.error.text;
  ASSERT_EQ(upload.pieces.size(), 1U);
  EXPECT_LT(upload.input.length, 4096U);
}

TEST_F(InputFileTest, BeginsAnew) {
  write("a", std::string(300'000, 'x'));
  uring::Simulated engine;
  uring::Loop loop(engine);
  uring::Scope scope(loop);
  uring::Io io(scope);
  Upload upload;
  scope.spawn(read_twice(io, path("a"), upload));
  loop.run(scope);
  EXPECT_EQ(upload.code, ExitCode::ok);
  ASSERT_EQ(upload.pieces.size(), 10U);
  EXPECT_EQ(upload.pieces[5], upload.pieces[0]);
  EXPECT_EQ(upload.pieces[9], upload.pieces[4]);
}

TEST_F(InputFileTest, FailsWhereTheFileBecomesShorter) {
  write("a", std::string(600'000, 'x'));
  const Upload upload =
      read(path("a"), [](const std::string& name) { std::filesystem::resize_file(name, 262'144); });
  EXPECT_EQ(upload.code, ExitCode::read_error);
  EXPECT_NE(upload.input.error.text.find("became shorter"), std::string::npos);
}

TEST_F(InputFileTest, SaysWhyItCannotBeOpened) {
  const Upload missing = read(path("missing"));
  EXPECT_EQ(missing.code, ExitCode::read_error);
  EXPECT_EQ(missing.input.error.text,
            "cannot read " + path("missing") + ": no such file or directory; check the path");
  const Upload directory = read(directory_.string());
  EXPECT_EQ(directory.code, ExitCode::read_error);
  EXPECT_NE(directory.input.error.text.find("it is a directory"), std::string::npos);
  std::filesystem::create_symlink("loop", path("loop"));
  EXPECT_NE(read(path("loop")).input.error.text.find("its links lead in circles"),
            std::string::npos);
}

}  // namespace
}  // namespace client

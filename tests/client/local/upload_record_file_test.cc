// The file of the record of an unfinished upload, in a real directory.
#include "apps/client/local/upload_record_file.h"

#include <array>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <string>
#include <sys/stat.h>

#include <gtest/gtest.h>

#include "tests/support/scratch.h"

namespace client {
namespace {

const std::string url = "http://h/a";
const std::string file = "/home/a";
const UploadRecord record{
    .url = url, .file = file, .version = {.size = 5}, .upload = "http://h/.quoit-1.upload"};

class UploadRecordFiles : public testing::Test {
 protected:
  void SetUp() override { ::setenv("XDG_STATE_HOME", scratch_.path().c_str(), 1); }
  void TearDown() override { ::unsetenv("XDG_STATE_HOME"); }

  std::size_t files() const {
    const std::filesystem::path directory = scratch_.path() + "/quoit";
    if (!std::filesystem::exists(directory)) return 0;
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(directory))
      ++count;
    return count;
  }

  test_support::Scratch scratch_;
};

TEST_F(UploadRecordFiles, IsFoundByALaterRun) {
  EXPECT_FALSE(find_upload_record(url, file).is_open());
  EXPECT_EQ(files(), 0U) << "a search leaves nothing behind";
  {
    const UploadRecordFile made = make_upload_record(url, file);
    ASSERT_TRUE(made.is_open());
    EXPECT_FALSE(load_upload_record(made, url, file)) << "it is empty";
    store_upload_record(made, record);
    struct stat facts {};
    ASSERT_EQ(::stat(made.path.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777U, 0600U);
  }
  UploadRecordFile found = find_upload_record(url, file);
  const std::optional<UploadRecord> loaded = load_upload_record(found, url, file);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->upload, record.upload);
  remove_upload_record(found);
  EXPECT_FALSE(found.is_open());
  EXPECT_EQ(files(), 0U);
}

TEST_F(UploadRecordFiles, BelongsToOneUrlAndOneFile) {
  const UploadRecordFile made = make_upload_record(url, file);
  store_upload_record(made, record);
  EXPECT_FALSE(find_upload_record("http://h/b", file).is_open());
  EXPECT_FALSE(find_upload_record(url, "/home/b").is_open());
  EXPECT_FALSE(load_upload_record(made, url, "/home/b")) << "two names may have one hash";
  EXPECT_FALSE(load_upload_record(made, "http://h/b", file));
}

TEST_F(UploadRecordFiles, IsUsedByOneRunAtATime) {
  const UploadRecordFile first = make_upload_record(url, file);
  ASSERT_TRUE(first.is_open());
  EXPECT_FALSE(make_upload_record(url, file).is_open());
  EXPECT_FALSE(find_upload_record(url, file).is_open());
}

TEST_F(UploadRecordFiles, IsReplacedByAShorterOne) {
  const UploadRecordFile made = make_upload_record(url, file);
  UploadRecord longer = record;
  longer.upload += std::string(1000, 'x');
  store_upload_record(made, longer);
  store_upload_record(made, record);
  const std::optional<UploadRecord> loaded = load_upload_record(made, url, file);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->upload, record.upload);
  store_upload_record(made, {});
  EXPECT_FALSE(load_upload_record(made, url, file));
}

TEST_F(UploadRecordFiles, AreRemovedAfterAMonth) {
  std::string old_path;
  {
    const UploadRecordFile made = make_upload_record(url, file);
    store_upload_record(made, record);
    old_path = made.path;
  }
  { const UploadRecordFile young = make_upload_record("http://h/b", file); }
  EXPECT_EQ(files(), 2U);
  const std::array<timespec, 2> times = {timespec{.tv_sec = 784111777},
                                         timespec{.tv_sec = 784111777}};
  ASSERT_EQ(::utimensat(AT_FDCWD, old_path.c_str(), times.data(), 0), 0);
  { const UploadRecordFile other = make_upload_record("http://h/c", file); }
  EXPECT_FALSE(std::filesystem::exists(old_path));
  EXPECT_EQ(files(), 2U);
}

TEST_F(UploadRecordFiles, AreNoneWithoutAPlace) {
  scratch_.write("quoit", "a file in the way");
  EXPECT_FALSE(make_upload_record(url, file).is_open());
  ::setenv("XDG_STATE_HOME", "relative", 1);
  ::setenv("HOME", "", 1);
  EXPECT_FALSE(make_upload_record(url, file).is_open());
  const UploadRecordFile none;
  store_upload_record(none, record);
  EXPECT_FALSE(load_upload_record(none, url, file));
  EXPECT_FALSE(std::filesystem::exists("relative"));
}

TEST_F(UploadRecordFiles, ArePathsWithoutLinks) {
  scratch_.write("f", "x");
  std::filesystem::create_symlink(scratch_.path() + "/f", scratch_.path() + "/link");
  EXPECT_EQ(real_path_of(scratch_.path() + "/link"), real_path_of(scratch_.path() + "/./f"));
  EXPECT_EQ(real_path_of(scratch_.path() + "/missing"), "");
}

}  // namespace
}  // namespace client

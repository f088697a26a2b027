// Which uploads expire: by the times of their files, and by the locks of requests.
#include "apps/server/files/expire_uploads.h"

#include <array>
#include <fcntl.h>
#include <string>
#include <sys/file.h>
#include <sys/stat.h>
#include <vector>

#include <gtest/gtest.h>

#include "apps/server/files/sweep.h"
#include "apps/server/plan/upload_state.h"
#include "tests/server/world.h"
#include "uring/fd.h"

namespace server {
namespace {

constexpr std::int64_t expiry_s = 100;
const UploadId id = upload_id(1, 2);

class Expiry : public ::testing::Test {
 protected:
  // Writes both files in `directory`, last changed that many seconds ago.
  void lay(const std::string& directory, std::int64_t age_s, std::size_t parents = 0) {
    const lab::Request origin(lab::head_of("PUT", "/x"));
    std::vector<char> buffer(most_state_bytes);
    const UploadState state{.leaf = "x", .parents = parents};
    const std::string begin = directory.empty() ? "" : directory + "/";
    const std::int64_t changed_s = file_time_ms() / 1000 - age_s;
    folder.put(begin + name(UploadName::state), write_upload_state(state, origin.head, buffer),
               changed_s);
    folder.put(begin + name(UploadName::part), "bytes", changed_s);
    place.directory = directory.empty() ? "." : directory;
    place.id = id;
  }
  static std::string name(UploadName which) { return name_of_upload(id, which).data(); }
  UploadFate expire() { return expire_upload(folder.fd(), place, expiry_s, file_time_ms()); }

  lab::Folder folder;
  UploadRegistry::Place place;
};

TEST_F(Expiry, keeps_an_upload_until_its_time) {
  lay("", 50);
  const UploadFate fate = expire();
  EXPECT_FALSE(fate.is_removed);
  EXPECT_NEAR(static_cast<double>(fate.due_ms - file_time_ms()), 50'000, 40'000);
  EXPECT_EQ(folder.names().size(), 2U);
}

TEST_F(Expiry, removes_an_upload_and_the_directories_that_it_made) {
  folder.put("a/other", "x");
  lay("a/b/c", 101, 2);
  EXPECT_TRUE(expire().is_removed);
  EXPECT_EQ(folder.names(), (std::vector<std::string>{"a", "a/other"}));
  EXPECT_EQ(expire().due_ms, 0);
}

TEST_F(Expiry, keeps_an_upload_that_a_request_uses) {
  lay("", 1000);
  const uring::Fd file(::open((folder / name(UploadName::part)).c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_EQ(::flock(file.get(), LOCK_EX | LOCK_NB), 0);
  const UploadFate fate = expire();
  EXPECT_FALSE(fate.is_removed);
  EXPECT_GT(fate.due_ms, file_time_ms());
  EXPECT_EQ(folder.names().size(), 2U);
}

TEST_F(Expiry, counts_from_the_later_of_both_files) {
  lay("", 1000);
  ::utimensat(AT_FDCWD, (folder / name(UploadName::state)).c_str(), nullptr, 0);
  EXPECT_FALSE(expire().is_removed);
}

TEST_F(Expiry, keeps_a_finished_upload_for_its_time) {
  lay("", 50);
  std::filesystem::remove(folder / name(UploadName::part));
  EXPECT_TRUE(expire().is_finished);
  lay("", 101);
  std::filesystem::remove(folder / name(UploadName::part));
  EXPECT_EQ(expire().due_ms, 0);
  EXPECT_TRUE(folder.names().empty());
  // For a day at most.
  EXPECT_LT(end_of_upload_ms({}, 1'000'000, true), end_of_upload_ms({}, 1'000'000, false));
}

TEST_F(Expiry, removes_bytes_without_a_state) {
  lay("", 1);
  std::filesystem::remove(folder / name(UploadName::state));
  expire();
  EXPECT_TRUE(folder.names().empty());
}

TEST_F(Expiry, of_all_uploads_that_are_due) {
  UploadRegistry registry;
  lay("d", 101);
  place.due_ms = 1;
  registry.add(place);
  expire_uploads(folder.fd(), registry, expiry_s, file_time_ms());
  EXPECT_EQ(folder.names(), std::vector<std::string>{"d"});
  EXPECT_EQ(registry.size(), 0U);
  lay("d", 50);
  registry.add(place);
  expire_uploads(folder.fd(), registry, expiry_s, file_time_ms());
  EXPECT_EQ(folder.names().size(), 3U);
  EXPECT_TRUE(registry.find_due(file_time_ms() + expiry_s * 1000));
}

TEST_F(Expiry, of_the_sweep_registers_what_it_keeps) {
  UploadRegistry registry;
  lay("a/b", 50);
  folder.put(".quoit-0123456789abcdef0123456789abcdef.part", "orphan");
  sweep(folder.fd(), {.upload_expiry_s = expiry_s}, {}, &registry);
  const auto found = registry.find_due(file_time_ms() + expiry_s * 1000);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->directory, "a/b");
  EXPECT_EQ(found->id, id);
  EXPECT_EQ(folder.names().size(), 4U);  // both directories, both files
}

}  // namespace
}  // namespace server

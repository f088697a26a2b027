// The general path of GET: from a path to a file, an index file, a listing or a page for 404.
//
// Index files, siblings and pages of a whole connection are tested in get_responses_test.cc as
// well; from_cache_test.cc compares this path with the fast path.
#include "apps/server/read/get.h"

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/server/world.h"

namespace server {
namespace {

using lab::head_of;

TEST(NotFoundPages, are_404_html_unless_another_one_is_configured) {
  EXPECT_EQ(not_found_page({}), "404.html");
  EXPECT_EQ(not_found_page({.not_found = "lost.html"}), "lost.html");
}

// Without a cache no request takes the fast path.
class Get : public lab::InWorld {
 protected:
  Get() : InWorld(0) {
    world.root.put("file.txt", "file");
    world.root.put("folder/index.html", "index");
  }

  // The status of the response, and its body.
  std::string answer(std::string_view target) {
    const std::string text = world.ask(head_of("GET", target));
    return text.substr(9, 3) + " " + text.substr(text.find("\r\n\r\n") + 4);
  }
  std::string status(std::string_view target) { return answer(target).substr(0, 3); }
};

TEST_F(Get, serves_a_file_by_its_path_alone) {
  EXPECT_EQ(answer("/file.txt"), "200 file");
  EXPECT_EQ(status("/file.txt/"), "404");
  EXPECT_EQ(status("/file.txt/x"), "404");
  EXPECT_EQ(status("/none"), "404");
}

TEST_F(Get, redirects_a_directory_to_its_slash_and_serves_its_index_file) {
  EXPECT_EQ(status("/folder"), "301");
  EXPECT_EQ(answer("/folder/"), "200 index");
}

TEST_F(Get, takes_the_first_index_file_that_exists) {
  world.site.index = {"first.html", "index.html", "file.html"};
  world.root.put("folder/file.html", "last");
  EXPECT_EQ(answer("/folder/"), "200 index");
  world.root.put("folder/first.html", "first");
  EXPECT_EQ(answer("/folder/"), "200 first");
  std::filesystem::remove(world.root / "folder/first.html");
  std::filesystem::create_directory(world.root / "folder/first.html");
  EXPECT_EQ(answer("/folder/"), "200 index");
}

TEST_F(Get, responds_404_where_there_is_neither_an_index_file_nor_a_listing) {
  world.site.listing = false;
  EXPECT_EQ(answer("/folder/"), "200 index");
  std::filesystem::remove(world.root / "folder/index.html");
  EXPECT_EQ(status("/folder/"), "404");
  world.site.index = {};
  EXPECT_EQ(status("/"), "404");
}

TEST_F(Get, serves_the_fallback_before_the_page_for_404) {
  world.root.put("404.html", "lost");
  EXPECT_EQ(answer("/none"), "404 lost");
  EXPECT_EQ(answer("/.hidden"), "404 lost");
  world.site.not_found = "folder";  // a directory is no page
  EXPECT_EQ(status("/none"), "404");
  world.site.fallback = "file.txt";
  EXPECT_EQ(answer("/none"), "200 file");
  world.site.fallback = "gone.txt";
  world.site.not_found = "file.txt";
  EXPECT_EQ(answer("/none"), "404 file");
}

// Files of procfs have content and the size 0. An empty response would be wrong.
TEST_F(Get, responds_500_for_a_file_whose_size_is_unknown) {
  world.root.put("empty", "");
  EXPECT_EQ(answer("/empty"), "200 ");
  world.engine.plan_next(uring::OpCode::read, {.error = EIO});
  EXPECT_EQ(status("/empty"), "503");
  const uring::Fd proc(::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (::faccessat(proc.get(), "cpuinfo", R_OK, 0) != 0) GTEST_SKIP() << "there is no procfs";
  const uring::Fd before(::fcntl(world.root.fd(), F_DUPFD_CLOEXEC, 0));
  ASSERT_GE(::dup3(proc.get(), world.root.fd(), O_CLOEXEC), 0);
  EXPECT_EQ(status("/cpuinfo"), "500");
  ASSERT_GE(::dup3(before.get(), world.root.fd(), O_CLOEXEC), 0);
}

TEST_F(Get, does_not_wait_for_the_writer_of_a_pipe) {
  ASSERT_EQ(::mkfifo((world.root / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(status("/pipe"), "403");
}

TEST_F(Get, follows_links_that_stay_below_the_root) {
  std::filesystem::create_symlink("file.txt", world.root / "link");
  std::filesystem::create_symlink("../file.txt", world.root / "folder/up");
  std::filesystem::create_symlink("../../file.txt", world.root / "folder/outside");
  std::filesystem::create_symlink((world.root / "file.txt"), world.root / "absolute");
  EXPECT_EQ(answer("/link"), "200 file");
  EXPECT_EQ(answer("/folder/up"), "200 file");
  EXPECT_EQ(status("/folder/outside"), "403");
  EXPECT_EQ(status("/absolute"), "403");
}

TEST_F(Get, responds_404_for_an_index_file_whose_path_is_too_long) {
  std::string path;
  for (int i = 0; i < 20; ++i) path += "/" + std::string(200, 'd');
  EXPECT_EQ(status(path + "/"), "404");
  world.site.index = {std::string(200, 'i')};
  EXPECT_EQ(status("/folder/"), "200");  // a listing
}

}  // namespace
}  // namespace server

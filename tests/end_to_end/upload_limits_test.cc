// Many resumable uploads, and uploads on a disk that is full: on real sockets and file systems.
#include <array>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <fstream>
#include <string>
#include <sys/stat.h>
#include <vector>

#include <gtest/gtest.h>

#include "tests/end_to_end/upload_requests.h"
#include "tests/support/eventually.h"
#include "tests/support/private_mounts.h"
#include "tests/support/sanitizer.h"
#include "tests/support/site.h"

namespace {

using test_support::eventually;
using test_support::MountedMemory;
using test_support::noise;
using test_support::put;
using test_support::RawClient;
using test_support::request;
using test_support::Response;
using test_support::Scratch;
using test_support::Site;
using uploads::create;
using uploads::offset_of;
using uploads::patch;
using uploads::upload_files;

constexpr int most_unfinished = 1000;  // of one process

std::string creation(const std::string& target) {
  return request("PUT", target, {"Upload-Complete: ?0", "Content-Length: 0"});
}

TEST(ManyUploads, AreBoundedForEachProcess) {
  Site site({"--writable", "--access-log", "off"});
  RawClient client = site.connect();
  std::vector<std::string> urls;
  for (int i = 0; i < most_unfinished; ++i) {
    const Response response = client.ask(creation("/d/f"));
    ASSERT_EQ(response.status, 201) << i;
    urls.push_back(response.field("Location"));
  }
  const Response refused = client.ask(creation("/d/f"));
  EXPECT_EQ(refused.status, 503);
  EXPECT_TRUE(refused.has("Retry-After"));
  EXPECT_EQ(site.ask(put("/plain", "abc")).status, 201);
  // One that ends makes place for one.
  EXPECT_EQ(site.ask(request("DELETE", urls[0])).status, 204);
  EXPECT_EQ(site.ask(creation("/d/f")).status, 201);
  EXPECT_EQ(site.ask(creation("/d/f")).status, 503);
  EXPECT_EQ(site.ask(patch(urls[1], 0, "abc", true)).status, 201);
  EXPECT_EQ(site.ask(creation("/d/f")).status, 201);
  EXPECT_EQ(site.ask(creation("/d/f")).status, 503);
}

// The resident memory of a process in bytes.
std::int64_t memory_of(const Site& site) {
  std::ifstream file("/proc/" + std::to_string(site.process().pid()) + "/statm");
  std::int64_t all = 0;
  std::int64_t resident = 0;
  file >> all >> resident;
  return resident * 4096;
}

constexpr int many = 10'000;

std::string name_of(int number, const char* suffix) {
  std::array<char, 64> name{};
  std::snprintf(name.data(), name.size(), "many/.quoit-%032x.%s", static_cast<unsigned>(number),
                suffix);
  return name.data();
}

// Fills `root` with uploads as earlier servers leave them.
void leave_uploads(const Scratch& root) {
  std::string state;
  {
    Site site({"--writable"}, {.served = root.path()});
    const std::string url = create(site, "/many/f");
    const std::string path = url.substr(1, url.rfind('.') - 1);
    state = root.read(path + ".state").value_or("");
    ASSERT_NE(state, "");
    site.ask(request("DELETE", url));
  }
  for (int i = 0; i < many; ++i) {
    root.write(name_of(i, "state"), state);
    root.write(name_of(i, "part"), "bytes");
  }
}

// Says whether one more upload may be begun; it is removed again.
bool may_begin(const Site& site) {
  const Response response = site.ask(creation("/f"));
  if (response.status != 201) return false;
  EXPECT_EQ(site.ask(request("DELETE", response.field("Location"))).status, 204);
  return true;
}

TEST(ManyUploads, OfEarlierServersAreKeptUntilTheyExpire) {
  const Scratch root;
  leave_uploads(root);
  const Site empty({"--writable"});
  {
    // It serves before it has looked at all of them.
    Site site({"--writable"}, {.served = root.path()});
    EXPECT_EQ(site.ask(put("/plain", "abc")).status, 201);
    EXPECT_TRUE(eventually([&] { return !may_begin(site); }));
    EXPECT_EQ(offset_of(site, "/" + name_of(many - 1, "upload")), 5);
    EXPECT_EQ(site.ask(patch("/" + name_of(many - 1, "upload"), 5, "x", true)).status, 201);
    constexpr std::int64_t most_bytes = many * 512 + 12 * 1024 * 1024;
    const std::int64_t bytes = memory_of(site) - memory_of(empty);
    EXPECT_TRUE(test_support::has_sanitizer || bytes < most_bytes) << bytes;
  }
  // A finished upload keeps its state alone.
  EXPECT_EQ(upload_files(root), 2U * many - 1);
  const std::array<timespec, 2> old{{{1'000'000'000, 0}, {1'000'000'000, 0}}};
  for (int i = 0; i < many; ++i) {
    for (const char* suffix : {"part", "state"}) {
      const std::string path = root.path(name_of(i, suffix));
      ASSERT_TRUE(::utimensat(AT_FDCWD, path.c_str(), old.data(), 0) == 0 || errno == ENOENT);
    }
  }
  Site site({"--writable"}, {.served = root.path()});
  EXPECT_TRUE(eventually([&] { return upload_files(root) == 0; }));
  EXPECT_EQ(root.read("many/f"), "bytesx");
  EXPECT_TRUE(may_begin(site));
}

// --- A disk that is full ---

class FullDisk : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!test_support::enter_private_mounts()) GTEST_SKIP() << "this user may not mount";
  }
  const Scratch root;
};

TEST_F(FullDisk, KeepsTheBytesThatFitAndTheUploadGoesOnWhenThereIsSpace) {
  MountedMemory memory(root.path(), "size=8M");
  ASSERT_TRUE(memory.ok());
  root.write("other", noise(4'000'000));
  Site site({"--writable"}, {.served = root.path()});
  const std::string content = noise(6'000'000, 2);
  const std::string url = create(site, "/a");
  // In chunks, so that the server does not know how much there will be.
  std::string head = request("PATCH", url,
                             {"Content-Type: application/partial-upload", "Upload-Offset: 0",
                              "Upload-Complete: ?1", "Transfer-Encoding: chunked"});
  RawClient client = site.connect();
  client.send(head);
  for (std::size_t at = 0; at < content.size(); at += 1000) {
    if (!client.send("3e8\r\n" + content.substr(at, 1000) + "\r\n")) break;
  }
  const Response full = client.read_response();
  EXPECT_EQ(full.status, 507);
  EXPECT_EQ(full.field("Upload-Complete"), "?0");
  const long told = std::stol(full.field("Upload-Offset"));
  EXPECT_GT(told, 3'000'000);
  EXPECT_LT(told, 5'000'000);
  EXPECT_EQ(offset_of(site, url), told);
  EXPECT_EQ(site.ask(patch(url, static_cast<std::size_t>(told),
                           content.substr(static_cast<std::size_t>(told)), true))
                .status,
            507);
  EXPECT_EQ(offset_of(site, url), told);
  root.remove("other");
  EXPECT_EQ(site.ask(patch(url, static_cast<std::size_t>(told),
                           content.substr(static_cast<std::size_t>(told)), true))
                .status,
            201);
  EXPECT_EQ(root.read("a"), content);
}

TEST_F(FullDisk, CountsTheBytesOfUnfinishedUploadsForTheReserve) {
  MountedMemory memory(root.path(), "size=8M");
  ASSERT_TRUE(memory.ok());
  Site site({"--writable", "--reserve", "4M"}, {.served = root.path()});
  const std::string two = noise(2'000'000);
  EXPECT_EQ(
      site.ask(request("PUT", "/a",
                       {"Upload-Complete: ?0", "Upload-Length: 5000000", "Content-Length: 0"}))
          .status,
      507);
  const std::string url = create(site, "/a");
  EXPECT_EQ(site.ask(patch(url, 0, two, false)).status, 204);
  EXPECT_EQ(site.ask(patch(url, two.size(), noise(3'000'000), false)).status, 507);
  EXPECT_EQ(site.ask(put("/b", noise(3'000'000))).status, 507);
  EXPECT_EQ(offset_of(site, url), 2'000'000);
  EXPECT_EQ(site.ask(request("DELETE", url)).status, 204);
  EXPECT_EQ(site.ask(put("/b", noise(3'000'000))).status, 201);
}

}  // namespace

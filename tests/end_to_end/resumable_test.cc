// Resumable uploads as clients see them: on real sockets, across breaks, restarts and kill -9.
#include <algorithm>
#include <signal.h>
#include <string>
#include <sys/stat.h>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "parser/splitmix64.h"
#include "tests/end_to_end/upload_requests.h"
#include "tests/support/eventually.h"
#include "tests/support/site.h"

namespace {

using test_support::eventually;
using test_support::get;
using test_support::noise;
using test_support::put;
using test_support::RawClient;
using test_support::request;
using test_support::Response;
using test_support::Scratch;
using test_support::Site;
using uploads::create;
using uploads::head;
using uploads::length;
using uploads::offset_of;
using uploads::patch;
using uploads::patch_head;
using uploads::upload_files;

using Names = std::vector<std::string>;

TEST(Resumable, UploadsGoOnPartByPart) {
  Site site({"--writable"});
  const std::string content = noise(3'000'000);
  const std::string url = create(site, "/d/f.iso", {"Upload-Length: 3000000"});
  EXPECT_TRUE(url.starts_with("/d/.quoit-") && url.ends_with(".upload")) << url;
  EXPECT_EQ(site.ask(patch(url, 0, content.substr(0, 1'000'000), false)).status, 204);
  EXPECT_EQ(site.ask(get("/d/f.iso")).status, 404);
  const Response last = site.ask(patch(url, 1'000'000, content.substr(1'000'000), true));
  EXPECT_EQ(last.status, 201);
  EXPECT_EQ(last.field("Location"), "/d/f.iso");
  EXPECT_EQ(last.field("Upload-Complete"), "?1");
  EXPECT_EQ(last.field("ETag"), site.ask(get("/d/f.iso")).field("ETag"));
  EXPECT_EQ(site.root.read("d/f.iso"), content);
  EXPECT_EQ(head(site, url).field("Upload-Complete"), "?1");
}

TEST(Resumable, UploadsGoOnAfterABreakWithTheBytesThatHadArrived) {
  Site site({"--writable"});
  const std::string content = noise(2'000'000);
  const std::string url = create(site, "/a");
  RawClient client = site.connect();
  client.send(patch_head(url, 0, content.size(), true) + content.substr(0, 1'500'000));
  client.reset();
  ASSERT_TRUE(eventually([&] { return offset_of(site, url) > 0; }));
  const auto offset = static_cast<std::size_t>(offset_of(site, url));
  EXPECT_LE(offset, 1'500'000U);
  EXPECT_EQ(site.ask(patch(url, offset, content.substr(offset), true)).status, 201);
  EXPECT_EQ(site.root.read("a"), content);
}

TEST(Resumable, ALaterRequestEndsTheOneInFlight) {
  Site site({"--writable"});
  const std::string content = noise(2'000'000);
  const std::string url = create(site, "/a");
  RawClient stalled = site.connect();
  stalled.send(patch_head(url, 0, content.size(), true, {"Expect: 100-continue"}));
  EXPECT_EQ(stalled.read_response(RawClient::To::head).status, 100);  // it has the upload
  stalled.send(content.substr(0, 1'500'000));
  // All bytes that were sent before count, also those in the buffers of the kernel.
  EXPECT_EQ(offset_of(site, url), 1'500'000);
  EXPECT_EQ(stalled.read_response().status, 409);
  stalled.send(content.substr(1'500'000));
  EXPECT_EQ(offset_of(site, url), 1'500'000);
  RawClient second = site.connect();
  second.send(patch_head(url, 1'500'000, 500'000, true) + content.substr(1'500'000, 100'000));
  EXPECT_EQ(site.ask(request("DELETE", url)).status, 204);
  EXPECT_EQ(head(site, url).status, 404);
  EXPECT_EQ(upload_files(site.root), 0U);
}

TEST(Resumable, UploadsOfOneRequestAreAnnouncedBy104) {
  Site site({"--writable"});
  const std::string content = noise(500'000);
  RawClient client = site.connect();
  client.send(request("PUT", "/a",
                      {"Upload-Complete: ?1", "Upload-Draft-Interop-Version: 8",
                       "Expect: 100-continue", length(content.size())}));
  const Response interim = client.read_response(RawClient::To::head);
  EXPECT_EQ(interim.status, 104);
  EXPECT_EQ(interim.field("Upload-Draft-Interop-Version"), "8");
  const std::string url = interim.field("Location");
  EXPECT_EQ(client.read_response(RawClient::To::head).status, 100);
  client.send(content.substr(0, 300'000));
  client.finish_sending();
  // The question ends the request that is still being received.
  const long told = offset_of(site, url);
  ASSERT_TRUE(told >= 0 && told <= 300'000) << told;
  const auto offset = static_cast<std::size_t>(told);
  EXPECT_EQ(site.ask(patch(url, offset, content.substr(offset), true)).status, 201);
  EXPECT_EQ(site.root.read("a"), content);
}

TEST(Resumable, UploadsExpireAndLeaveTheDisk) {
  Site site({"--writable", "--upload-expiry", "2"});
  const std::string url = create(site, "/x/y/a");
  site.ask(patch(url, 0, "abc", false));
  EXPECT_TRUE(eventually([&] { return site.root.list().empty(); }));
  EXPECT_EQ(head(site, url).status, 404);
}

TEST(Resumable, UploadsAreRefusedWhereTheyAreOff) {
  Site site({"--writable", "--resumable", "off"});
  EXPECT_EQ(site.ask(put("/a", "abc", {"Upload-Complete: ?0"})).status, 501);
  EXPECT_FALSE(site.ask(request("OPTIONS", "/a")).has("Upload-Limit"));
  Site reading;
  EXPECT_EQ(reading.ask(put("/a", "abc", {"Upload-Complete: ?0"})).status, 405);
  EXPECT_FALSE(reading.ask(request("OPTIONS", "/a")).has("Upload-Limit"));
}

TEST(Resumable, UploadsSurviveARestart) {
  const Scratch root;
  const std::string content = noise(1'000'000);
  std::string url;
  {
    Site site({"--writable"}, {.served = root.path()});
    url = create(site, "/a", {"If-None-Match: *"});
    EXPECT_EQ(site.ask(patch(url, 0, content.substr(0, 400'000), false)).status, 204);
  }
  {
    Site site({"--writable"}, {.served = root.path()});
    EXPECT_EQ(offset_of(site, url), 400'000);
    EXPECT_EQ(site.ask(patch(url, 400'000, content.substr(400'000), true)).status, 201);
  }
  Site site({"--writable"}, {.served = root.path()});
  const Response again = site.ask(patch(url, content.size(), "", true));
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(again.field("ETag"), site.ask(get("/a")).field("ETag"));
  EXPECT_EQ(root.read("a"), content);
}

// The offset that a server has told is never less afterwards, whatever kills it; the file is whole
// or not there; and a lost answer can be asked for again.
TEST(Resumable, UploadsSurviveKills) {
  const Scratch root;
  const std::string content = noise(1'200'000);
  http1::SplitMix64 random(7);
  std::string url;
  long told = 0;
  bool is_done = false;
  for (int round = 0; round < 25; ++round) {
    Site site({"--writable", "--durability", round % 2 ? "data" : "none", "--access-log", "off"},
              {.served = root.path()});
    if (url.empty()) {
      url = create(site, "/a", {"If-None-Match: *"});
      told = 0;
    }
    const Response state = head(site, url);
    ASSERT_EQ(state.status, 204) << round;
    const long offset = std::stol(state.field("Upload-Offset"));
    ASSERT_GE(offset, told) << round;
    told = offset;
    is_done = state.field("Upload-Complete") == "?1";
    const auto from = static_cast<std::size_t>(offset);
    RawClient client = site.connect();
    const std::string rest = is_done ? std::string() : content.substr(from);
    client.send(patch_head(url, from, rest.size(), true));
    client.send(rest.substr(0, random.below(rest.size() + 1)));
    if (random.below(3) == 0) {
      const Response half = head(site, url);  // takes the upload over
      if (half.status == 204) told = std::max(told, std::stol(half.field("Upload-Offset")));
    }
    site.signal(SIGKILL);
    EXPECT_EQ(site.wait(), -SIGKILL);
    const Names names = root.list();
    if (std::find(names.begin(), names.end(), "a") != names.end()) {
      EXPECT_EQ(root.read("a"), content);
    }
    if (!is_done) continue;
    // The next upload replaces nothing until the file is gone.
    EXPECT_EQ(root.read("a"), content);
    ::unlink(root.path("a").c_str());
    url.clear();
  }
}

TEST(Resumable, TheSweepRemovesBytesWithoutAStateAndKeepsUploads) {
  const Scratch root;
  const std::string orphan = ".quoit-0123456789abcdef0123456789abcdef.part";
  std::string url;
  {
    Site site({"--writable"}, {.served = root.path()});
    url = create(site, "/d/a");
    site.ask(patch(url, 0, "abc", false));
  }
  root.write(orphan, "bytes");
  root.write(".quoit-0123456789abcdef.tmp", "bytes");
  Site site({"--writable"}, {.served = root.path()});
  EXPECT_TRUE(eventually([&] { return upload_files(root) == 2; }));
  EXPECT_EQ(offset_of(site, url), 3);
}

TEST(Resumable, TwoServersOnOneDirectoryShareUploads) {
  const Scratch root;
  Site one({"--writable"}, {.served = root.path()});
  Site other({"--writable"}, {.served = root.path()});
  const std::string url = create(one, "/a");
  EXPECT_EQ(one.ask(patch(url, 0, "abc", false)).status, 204);
  EXPECT_EQ(offset_of(other, url), 3);
  RawClient busy = one.connect();
  busy.send(patch_head(url, 3, 6, true, {"Expect: 100-continue"}));
  EXPECT_EQ(busy.read_response(RawClient::To::head).status, 100);  // it has the upload
  // The other server waits a second for it, and says so.
  EXPECT_EQ(other.ask(patch(url, 3, "x", true)).status, 409);
  busy.send("defghi");
  EXPECT_EQ(busy.read_response().status, 201);
  EXPECT_EQ(root.read("a"), "abcdefghi");
  EXPECT_EQ(head(other, url).field("Upload-Complete"), "?1");
}

TEST(Resumable, AnotherServerGoesOnWhenTheFirstHasNoticedTheBreak) {
  const Scratch root;
  Site one({"--writable"}, {.served = root.path()});
  Site other({"--writable"}, {.served = root.path()});
  const std::string content = noise(800'000);
  const std::string url = create(one, "/a");
  RawClient busy = one.connect();
  busy.send(patch_head(url, 0, content.size(), true) + content.substr(0, 300'000));
  ASSERT_TRUE(eventually([&] { return head(other, url).status == 409; })) << "it is in use";
  EXPECT_EQ(other.ask(request("DELETE", url)).status, 409);
  busy.finish_sending();
  long offset = -1;
  ASSERT_TRUE(eventually([&] { return (offset = offset_of(other, url)) >= 0; }));
  EXPECT_EQ(offset, 300'000);
  EXPECT_EQ(other.ask(patch(url, 300'000, content.substr(300'000), true)).status, 201);
  EXPECT_EQ(root.read("a"), content);
  EXPECT_EQ(head(one, url).field("Upload-Complete"), "?1");
}

TEST(Resumable, AFinishedUploadIsForgottenByDELETEAndItsFileStays) {
  Site site({"--writable"});
  const std::string url = create(site, "/a");
  EXPECT_EQ(site.ask(patch(url, 0, "abc", true)).status, 201);
  EXPECT_EQ(upload_files(site.root), 1U);
  EXPECT_EQ(site.ask(request("DELETE", url)).status, 204);
  EXPECT_EQ(upload_files(site.root), 0U);
  EXPECT_EQ(head(site, url).status, 404);
  EXPECT_EQ(site.root.read("a"), "abc");
}

TEST(Resumable, RightsAreThoseOfTheTarget) {
  Site site({"--writable", "--allow", "anyone rw /in", "--allow", "anyone r /", "--allow",
             "anyone c /drop"});
  site.root.make_directory("in");
  site.root.make_directory("drop");
  const Names begin = {"Upload-Complete: ?0", length(0)};
  EXPECT_EQ(site.ask(request("PUT", "/a", begin)).status, 403);
  const std::string url = create(site, "/in/a");
  EXPECT_EQ(site.ask(patch(url, 0, "abc", true)).status, 201);
  // The right to create only does not replace a file that came meanwhile.
  const std::string drop = create(site, "/drop/a");
  site.root.write("drop/a", "other");
  const Response refused = site.ask(patch(drop, 0, "abc", true));
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.field("Upload-Complete"), "?1");
  EXPECT_EQ(site.root.read("drop/a"), "other");
}

// The URL of an upload gives no right: each request for it needs that to the target.
TEST(Resumable, UploadsAreClosedToClientsWithoutTheRightToTheTarget) {
  const Scratch root;
  root.make_directory("closed");
  std::string url;
  {
    Site site({"--writable"}, {.served = root.path()});
    url = create(site, "/closed/a");
    EXPECT_EQ(site.ask(patch(url, 0, "abc", false)).status, 204);
  }
  Site site({"--writable", "--allow", "anyone rw /", "--allow", "anyone r /closed"},
            {.served = root.path()});
  EXPECT_EQ(site.ask(patch(url, 3, "def", true)).status, 403);
  EXPECT_EQ(head(site, url).status, 403);
  EXPECT_EQ(site.ask(request("DELETE", url)).status, 403);
  EXPECT_EQ(upload_files(root), 2U) << "the upload is still there";
}

}  // namespace

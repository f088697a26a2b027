// The later requests of a resumable upload on the simulated engine: HEAD, PATCH, DELETE.
#include "apps/server/write/resume.h"

#include <array>
#include <filesystem>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <time.h>
#include <vector>

#include <gtest/gtest.h>

#include "apps/server/files/digests.h"
#include "tests/server/uploader.h"

namespace server {
namespace {

using lab::field;
using lab::head_of;
using lab::patch;
using lab::pattern;
using lab::put;

std::string digest_line(http1::FieldName field, std::string_view bytes) {
  Digest digest;
  EXPECT_TRUE(digest_bytes(bytes, digest));
  std::array<char, most_digest_line_bytes> buffer{};
  return std::string(write_digest_line(field, digest, buffer));
}

class Resume : public lab::Uploading, public ::testing::WithParamInterface<lab::Where> {
 protected:
  Resume() { lay(world, GetParam()); }

  // Makes all files of uploads `seconds` older.
  void age(std::int64_t seconds) const {
    for (const std::string& name : world.root.names()) {
      if (name.find(".quoit-") == std::string::npos) continue;
      timespec now{};
      ::clock_gettime(CLOCK_REALTIME, &now);
      const std::array<timespec, 2> times{{{now.tv_sec - seconds, 0}, {now.tv_sec - seconds, 0}}};
      ::utimensat(AT_FDCWD, (world.root / name).c_str(), times.data(), 0);
    }
  }
};
WHEREVER_FILES_LIE(Resume);

TEST_P(Resume, takes_no_memory_for_each_request) {
  const std::string url = create("/new");
  EXPECT_EQ(state(url), "204 0 ?0");
  const std::size_t before = world.loop.frames().bytes();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(state(url), "204 0 ?0");
  EXPECT_LE(world.loop.frames().bytes(), before + uring::FramePool::slab_bytes);
}

TEST_P(Resume, appends_parts_and_publishes_the_whole) {
  const std::string content = pattern(600'000);
  const std::string url = create("/new", "Upload-Length: 600000\r\n");
  const std::string heard = world.ask(patch(url, 0, content.substr(0, 250'000), false));
  EXPECT_TRUE(heard.starts_with("HTTP/1.1 204 ")) << heard;
  EXPECT_EQ(field(heard, "Upload-Offset"), "250000");
  EXPECT_EQ(field(heard, "Upload-Complete"), "?0");
  EXPECT_EQ(field(heard, "ETag"), "");
  EXPECT_EQ(status(patch(url, 250'000, content.substr(250'000, 50'000), false)), "204");
  EXPECT_FALSE(world.root.has("new"));
  const std::string end = world.ask(patch(url, 300'000, content.substr(300'000), true));
  EXPECT_TRUE(end.starts_with("HTTP/1.1 201 ")) << end;
  EXPECT_EQ(field(end, "Location"), "/new");
  EXPECT_EQ(field(end, "ETag"), tag_of_file("new"));
  EXPECT_EQ(field(end, "Upload-Complete"), "?1");
  EXPECT_EQ(field(end, "Upload-Offset"), "600000");
  EXPECT_EQ(world.root.get("new"), content);
  EXPECT_EQ(upload_files(), 1U);
}

TEST_P(Resume, takes_parts_in_chunks) {
  const std::string url = create("/old.txt");
  const std::string heard =
      world.ask(head_of("PATCH", url,
                        "Content-Type: Application/Partial-Upload; a=b\r\nUpload-Offset: 0\r\n"
                        "Upload-Complete: ?1\r\nTransfer-Encoding: chunked\r\n") +
                "3\r\nnew\r\n2\r\ner\r\n0\r\n\r\n");
  EXPECT_TRUE(heard.starts_with("HTTP/1.1 204 ")) << heard;
  EXPECT_EQ(world.root.get("old.txt"), "newer");
}

TEST_P(Resume, takes_a_part_back_that_differs_from_its_trailer_section) {
  const std::string url = create("/new");
  world.ask(patch(url, 0, "abc", false));
  const auto patch_with = [&](const std::string& trailers) {
    return head_of("PATCH", url,
                   "Content-Type: application/partial-upload\r\nUpload-Offset: 3\r\n"
                   "Upload-Complete: ?1\r\nTransfer-Encoding: chunked\r\n") +
           "3\r\ndef\r\n0\r\n" + trailers + "\r\n";
  };
  for (const std::string& wrong :
       {digest_line(http1::FieldName::content_digest, "abcdef"),
        std::string("Content-Digest: md5=:AAAA:\r\n"), std::string("Content-Digest: ?\r\n")}) {
    EXPECT_EQ(status(patch_with(wrong)), "400") << wrong;
    EXPECT_EQ(state(url), "204 3 ?0") << wrong;
  }
  EXPECT_EQ(status(patch_with(digest_line(http1::FieldName::content_digest, "def"))), "201");
  EXPECT_EQ(world.root.get("new"), "abcdef");
}

TEST_P(Resume, tells_the_state_by_HEAD_and_GET) {
  const std::string url = create("/new", "Upload-Length: 9\r\n");
  world.ask(patch(url, 0, "abc", false));
  for (const char* method : {"HEAD", "GET"}) {
    const std::string heard = world.ask(head_of(method, url));
    EXPECT_TRUE(heard.starts_with("HTTP/1.1 204 No Content\r\n")) << heard;
    EXPECT_EQ(field(heard, "Upload-Offset"), "3");
    EXPECT_EQ(field(heard, "Upload-Complete"), "?0");
    EXPECT_EQ(field(heard, "Upload-Length"), "9");
    EXPECT_EQ(field(heard, "Cache-Control"), "no-store");
    EXPECT_TRUE(field(heard, "Upload-Limit").starts_with("min-size=0, max-age=86")) << heard;
  }
}

TEST_P(Resume, refuses_parts_at_another_offset) {
  const std::string url = create("/new");
  world.ask(patch(url, 0, "abc", false));
  for (const std::uint64_t offset : {0U, 2U, 4U}) {
    const std::string heard = world.ask(patch(url, offset, "xyz", false));
    EXPECT_TRUE(heard.starts_with("HTTP/1.1 409 ")) << heard;
    EXPECT_EQ(field(heard, "Upload-Offset"), "3");
    EXPECT_EQ(field(heard, "Upload-Complete"), "?0");
    EXPECT_EQ(field(heard, "Content-Type"), "application/problem+json");
    EXPECT_NE(heard.find("\"expected-offset\":3,\"provided-offset\":" + std::to_string(offset)),
              std::string::npos)
        << heard;
  }
  EXPECT_EQ(state(url), "204 3 ?0");
}

struct Row {
  const char* fields;
  const char* status;
};

const std::string_view type = "Content-Type: application/partial-upload\r\n";
const std::vector<Row> malformed = {
    {"Upload-Offset: 0\r\nUpload-Complete: ?1\r\n", "415"},
    {"Content-Type: text/plain\r\nUpload-Offset: 0\r\nUpload-Complete: ?1\r\n", "415"},
    {"Content-Type: application/partial-upload\r\nUpload-Complete: ?1\r\n", "400"},
    {"Content-Type: application/partial-upload\r\nUpload-Offset: 0\r\n", "400"},
    {"Content-Type: application/partial-upload\r\nUpload-Offset: -1\r\nUpload-Complete: ?1\r\n",
     "400"},
    {"Content-Type: application/partial-upload\r\nUpload-Offset: 0\r\nUpload-Complete: 1\r\n",
     "400"},
};

TEST_P(Resume, refuses_what_is_no_part) {
  const std::string url = create("/new");
  for (const Row& row : malformed) {
    const std::string heard =
        world.ask(head_of("PATCH", url, "Content-Length: 3\r\n" + std::string(row.fields)) + "abc");
    EXPECT_EQ(heard.substr(9, 3), row.status) << row.fields << heard;
    EXPECT_EQ(field(heard, "Accept-Patch").empty(), row.status != std::string("415")) << heard;
  }
  EXPECT_EQ(state(url), "204 0 ?0");
}

TEST_P(Resume, allows_other_methods_neither_for_uploads_nor_for_files) {
  const std::string url = create("/new");
  const std::string heard = world.ask(put(url, "x"));
  EXPECT_TRUE(heard.starts_with("HTTP/1.1 405 ")) << heard;
  EXPECT_EQ(field(heard, "Allow"), "GET, HEAD, OPTIONS, DELETE, PATCH");
  EXPECT_EQ(status(head_of("POST", url)), "405");
  const std::string file = world.ask(patch("/old.txt", 0, "x", true));
  EXPECT_TRUE(file.starts_with("HTTP/1.1 405 ")) << file;
  EXPECT_EQ(field(file, "Allow"), "GET, HEAD, OPTIONS, PUT, DELETE, MKCOL, MOVE");
  EXPECT_EQ(field(world.ask(head_of("OPTIONS", url)), "Allow"),
            "GET, HEAD, OPTIONS, DELETE, PATCH");
}

TEST_P(Resume, knows_no_other_uploads) {
  const std::string url = "/.quoit-00000000000000000000000000000000.upload";
  for (const char* method : {"HEAD", "GET", "DELETE"}) {
    EXPECT_EQ(status(head_of(method, url)), "404") << method;
  }
  EXPECT_EQ(status(patch(url, 0, "abc", true)), "404");
  EXPECT_EQ(status(head_of("HEAD", "/none" + url)), "404");
  EXPECT_EQ(status(head_of("HEAD", "/.hidden" + url)), "404");
  const std::string real = create("/new");
  world.site.resumable = false;
  EXPECT_EQ(status(head_of("GET", real)), "404");
}

TEST_P(Resume, keeps_the_files_of_uploads_from_all_other_requests) {
  const std::string url = create("/dir/new");
  std::string id = url.substr(0, url.size() - std::string_view(".upload").size());
  for (const char* suffix : {".part", ".state"}) {
    EXPECT_EQ(status(head_of("GET", id + suffix)), "404");
    EXPECT_EQ(status(put(id + suffix, "x")), "403");
    EXPECT_EQ(status(head_of("DELETE", id + suffix)), "403");
  }
  const std::string listing = world.ask(head_of("GET", "/dir/?json"));
  EXPECT_EQ(listing.find("quoit-"), std::string::npos) << listing;
}

// --- Lengths ---

TEST_P(Resume, refuses_lengths_that_contradict_each_other) {
  const std::string url = create("/new", "Upload-Length: 5\r\n");
  const auto problem = [&](const std::string& request) {
    const std::string heard = world.ask(request);
    EXPECT_NE(heard.find("#inconsistent-upload-length"), std::string::npos) << heard;
    EXPECT_EQ(field(heard, "Upload-Offset"), "0");
    return heard.substr(9, 3);
  };
  EXPECT_EQ(problem(patch(url, 0, "abc", true)), "400");
  EXPECT_EQ(problem(patch(url, 0, "abcdef", false)), "400");
  EXPECT_EQ(problem(patch(url, 0, "abc", false, "Upload-Length: 6\r\n")), "400");
  EXPECT_EQ(state(url), "204 0 ?0");
  EXPECT_EQ(status(patch(url, 0, "abcde", false, "Upload-Length: 5\r\n")), "204");
  // All bytes are there, and the upload is complete only when a request says so.
  EXPECT_EQ(state(url), "204 5 ?0");
  EXPECT_FALSE(world.root.has("new"));
  EXPECT_EQ(status(patch(url, 5, "", true)), "201");
  EXPECT_EQ(world.root.get("new"), "abcde");
}

TEST_P(Resume, keeps_a_length_that_a_later_request_tells) {
  const std::string url = create("/new");
  EXPECT_EQ(status(patch(url, 0, "abc", false, "Upload-Length: 5\r\n")), "204");
  EXPECT_EQ(status(patch(url, 3, "d", true)), "400");
  EXPECT_EQ(field(world.ask(head_of("HEAD", url)), "Upload-Length"), "5");
}

TEST_P(Resume, refuses_chunks_beyond_the_length) {
  const std::string url = create("/new", "Upload-Length: 4\r\n");
  const std::string heard = world.ask(
      head_of("PATCH", url,
              std::string(type) +
                  "Upload-Offset: 0\r\nUpload-Complete: ?1\r\nTransfer-Encoding: chunked\r\n") +
      "3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n");
  EXPECT_TRUE(heard.starts_with("HTTP/1.1 400 ")) << heard;
  EXPECT_NE(heard.find("#inconsistent-upload-length"), std::string::npos) << heard;
  EXPECT_FALSE(world.root.has("new"));
}

TEST_P(Resume, refuses_chunks_beyond_the_largest_upload) {
  world.site.max_body = 5;
  const std::string url = create("/new");
  world.ask(patch(url, 0, "abc", false));
  const std::string heard = world.ask(
      head_of("PATCH", url,
              std::string(type) +
                  "Upload-Offset: 3\r\nUpload-Complete: ?1\r\nTransfer-Encoding: chunked\r\n") +
      "3\r\ndef\r\n0\r\n\r\n");
  EXPECT_TRUE(heard.starts_with("HTTP/1.1 413 ")) << heard;
  EXPECT_EQ(field(heard, "Upload-Limit").substr(0, 10), "min-size=0");
  EXPECT_FALSE(world.root.has("new"));
}

TEST_P(Resume, bounds_the_sum_of_all_parts) {
  world.site.max_body = 5;
  const std::string url = create("/new");
  EXPECT_EQ(status(patch(url, 0, "abc", false)), "204");
  EXPECT_EQ(status(patch(url, 3, "def", false)), "413");
  EXPECT_EQ(status(patch(url, 3, "de", true)), "201");
}

// --- Conditions ---

TEST_P(Resume, judges_the_conditions_of_the_first_request_at_the_end) {
  const std::string url = create("/new", "If-None-Match: *\r\n");
  world.ask(put("/new", "other"));
  const std::string heard = world.ask(patch(url, 0, "mine", true));
  EXPECT_TRUE(heard.starts_with("HTTP/1.1 412 ")) << heard;
  EXPECT_EQ(field(heard, "Upload-Complete"), "?1");
  EXPECT_EQ(world.root.get("new"), "other");
  EXPECT_EQ(upload_files(), 0U);
  EXPECT_EQ(status(head_of("HEAD", url)), "404");
  const std::string match = "If-Match: " + tag_of_file("old.txt") + "\r\n";
  const std::string kept = create("/old.txt", match);
  EXPECT_EQ(status(patch(kept, 0, "mine", true)), "204");
  const std::string changed = create("/old.txt", "If-Match: " + tag_of_file("old.txt") + "\r\n");
  world.ask(put("/old.txt", "other"));
  EXPECT_EQ(status(patch(changed, 0, "mine", true)), "412");
  EXPECT_EQ(world.root.get("old.txt"), "other");
}

TEST_P(Resume, sets_the_time_that_the_first_request_has_sent) {
  const std::string url = create("/new", "X-OC-MTime: 1234567\r\n");
  const std::string heard = world.ask(patch(url, 0, "abc", true));
  EXPECT_EQ(field(heard, "X-OC-MTime"), "accepted") << heard;
  struct stat status {};
  ASSERT_EQ(::stat((world.root / "new").c_str(), &status), 0);
  EXPECT_EQ(status.st_mtim.tv_sec, 1'234'567);
}

// --- Digests ---

TEST_P(Resume, takes_back_a_part_with_another_digest) {
  const std::string url = create("/new");
  world.ask(patch(url, 0, "abc", false));
  const std::string wrong = digest_line(http1::FieldName::content_digest, "xyz");
  const std::string heard = world.ask(patch(url, 3, "def", false, wrong));
  EXPECT_TRUE(heard.starts_with("HTTP/1.1 400 ")) << heard;
  EXPECT_EQ(field(heard, "Upload-Offset"), "3");
  EXPECT_EQ(field(heard, "Upload-Complete"), "?0");
  EXPECT_EQ(state(url), "204 3 ?0");
  const std::string right = digest_line(http1::FieldName::content_digest, "def");
  EXPECT_EQ(status(patch(url, 3, "def", true, right)), "201");
  EXPECT_EQ(world.root.get("new"), "abcdef");
}

TEST_P(Resume, ends_an_upload_whose_whole_has_another_digest) {
  const std::string url = create("/a/new", digest_line(http1::FieldName::repr_digest, "abcdef"));
  world.ask(patch(url, 0, "abc", false));
  const std::string heard = world.ask(patch(url, 3, "xyz", true));
  EXPECT_TRUE(heard.starts_with("HTTP/1.1 400 ")) << heard;
  EXPECT_EQ(field(heard, "Upload-Complete"), "?1");
  EXPECT_NE(heard.find("#digest-mismatched-values"), std::string::npos);
  EXPECT_FALSE(world.root.has("a"));
  const std::string again = create("/a/new", digest_line(http1::FieldName::repr_digest, "abcdef") +
                                                 "Want-Repr-Digest: sha-256=1\r\n");
  world.ask(patch(again, 0, "abc", false));
  const std::string right = world.ask(patch(again, 3, "def", true));
  EXPECT_TRUE(right.starts_with("HTTP/1.1 201 ")) << right;
  EXPECT_NE(right.find(digest_line(http1::FieldName::repr_digest, "abcdef")), std::string::npos)
      << right;
}

// --- Interrupted parts, and requests that take over ---

TEST_P(Resume, keeps_the_bytes_of_a_part_that_breaks) {
  const std::string url = create("/new");
  const int socket = world.connect();
  world.say(socket, lab::without_last(1000, patch(url, 0, pattern(300'000), true)));
  world.engine.peer_resets(socket);
  world.settle();
  EXPECT_EQ(state(url), "204 299000 ?0");
  EXPECT_FALSE(world.root.has("new"));
}

TEST_P(Resume, takes_over_from_a_request_in_flight) {
  const std::string content = pattern(300'000);
  for (const char* method : {"HEAD", "PATCH", "DELETE"}) {
    const std::string url = create("/new");
    const int first = world.connect();
    world.say(first, lab::without_last(100'000, patch(url, 0, content, true)));
    const int second = world.connect();
    const std::string request = method == std::string_view("PATCH")
                                    ? patch(url, 200'000, content.substr(200'000), true)
                                    : head_of(method, url);
    world.say(second, request);
    world.pass(500);
    const std::string heard = world.heard(second);
    EXPECT_NE(heard.find("HTTP/1.1 20"), std::string::npos) << method << heard;
    EXPECT_TRUE(world.heard(first).starts_with("HTTP/1.1 409 ")) << world.heard(first);
    // Later bytes of the first request do not count.
    world.engine.peer_sends(first, content.substr(200'000));
    world.settle();
    world.engine.peer_finishes(first);
    world.engine.peer_finishes(second);
    world.pass(10'000);
    EXPECT_TRUE(world.engine.closed(first));
    const std::string after = method == std::string_view("HEAD")    ? "204 200000 ?0"
                              : method == std::string_view("PATCH") ? "204 300000 ?1"
                                                                    : "404  ";
    EXPECT_EQ(state(url), after) << method;
    EXPECT_EQ(world.root.get("new"), method == std::string_view("PATCH") ? content : "");
    std::filesystem::remove(world.root / "new");
  }
}

// --- The end of uploads ---

TEST_P(Resume, knows_a_finished_upload) {
  const std::string url = create("/new", "If-None-Match: *\r\n");
  const std::string first = world.ask(patch(url, 0, "abc", true));
  const std::string again = world.ask(patch(url, 3, "", true));
  EXPECT_EQ(again, first);
  const std::string heard = world.ask(head_of("HEAD", url));
  EXPECT_TRUE(heard.starts_with("HTTP/1.1 204 ")) << heard;
  EXPECT_EQ(field(heard, "Upload-Complete"), "?1");
  EXPECT_EQ(field(heard, "Upload-Offset"), "3");
  EXPECT_EQ(field(heard, "Upload-Length"), "3");
  const std::string more = world.ask(patch(url, 3, "d", true));
  EXPECT_TRUE(more.starts_with("HTTP/1.1 400 ")) << more;
  EXPECT_NE(more.find("#completed-upload"), std::string::npos);
  EXPECT_EQ(status(head_of("DELETE", url)), "204");
  EXPECT_EQ(state(url), "404  ");
  EXPECT_EQ(world.root.get("new"), "abc");
}

TEST_P(Resume, removes_an_upload_and_the_directories_that_it_made) {
  const std::string url = create("/a/b/c/new");
  EXPECT_TRUE(world.root.has("a/b/c"));
  world.ask(patch(url, 0, "abc", false));
  EXPECT_EQ(status(head_of("DELETE", url)), "204");
  EXPECT_FALSE(world.root.has("a"));
  EXPECT_EQ(status(head_of("DELETE", url)), "404");
  // Of directories that others use, none is removed.
  const std::string below = create("/d/e/new");
  world.ask(put("/d/other", "x"));
  EXPECT_EQ(status(head_of("DELETE", below)), "204");
  EXPECT_EQ(world.root.get("d/other"), "x");
  EXPECT_FALSE(world.root.has("d/e"));
}

TEST_P(Resume, knows_no_upload_that_has_expired) {
  world.site.upload_expiry_s = 100;
  const std::string url = create("/a/new");
  age(90);
  EXPECT_EQ(state(url), "204 0 ?0");
  age(101);
  EXPECT_EQ(state(url), "404  ");
  EXPECT_FALSE(world.root.has("a"));
  const std::string done = create("/done");
  world.ask(patch(done, 0, "abc", true));
  age(101);
  EXPECT_EQ(state(done), "404  ");
  EXPECT_EQ(world.root.get("done"), "abc");
  EXPECT_EQ(upload_files(), 0U);
}

TEST_P(Resume, says_507_where_the_disk_is_full_and_keeps_what_was_stored) {
  const std::string url = create("/new");
  world.ask(patch(url, 0, "abc", false));
  world.engine.plan_next(uring::OpCode::write, {.error = ENOSPC});
  world.engine.plan_next(uring::OpCode::write, {.error = ENOSPC});
  const std::string heard = world.ask(patch(url, 3, "def", true));
  if (GetParam() == lab::Where::on_disk) {
    EXPECT_TRUE(heard.starts_with("HTTP/1.1 507 ")) << heard;
    EXPECT_EQ(field(heard, "Upload-Offset"), "3");
    EXPECT_EQ(field(heard, "Upload-Complete"), "?0");
    EXPECT_EQ(status(patch(url, 3, "def", true)), "201");
  }
  world.engine.set_free_bytes(10);
  const std::string full = create("/other");
  EXPECT_EQ(status(patch(full, 0, pattern(20), true)), "507");
  EXPECT_EQ(state(full), "204 0 ?0");
}

}  // namespace
}  // namespace server

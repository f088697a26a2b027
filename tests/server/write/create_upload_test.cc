// The first request of a resumable upload on the simulated engine.
#include "apps/server/write/create_upload.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tests/server/uploader.h"

namespace server {
namespace {

using lab::field;
using lab::head_of;
using lab::patch;
using lab::pattern;
using lab::put;

class CreateUpload : public lab::Uploading, public ::testing::WithParamInterface<lab::Where> {
 protected:
  CreateUpload() { lay(world, GetParam()); }
};
WHEREVER_FILES_LIE(CreateUpload);

TEST_P(CreateUpload, with_an_empty_part_answers_with_its_url) {
  const std::string heard =
      world.ask(head_of("PUT", "/a%20b.iso?x", "Upload-Complete: ?0\r\nUpload-Length: 10\r\n"));
  EXPECT_TRUE(heard.starts_with("HTTP/1.1 201 Created\r\n")) << heard;
  const std::string url = field(heard, "Location");
  EXPECT_TRUE(url.starts_with("/.quoit-") && url.ends_with(".upload")) << url;
  EXPECT_EQ(field(heard, "Upload-Offset"), "0");
  EXPECT_EQ(field(heard, "Upload-Complete"), "?0");
  EXPECT_EQ(field(heard, "Upload-Limit"), "min-size=0, max-age=86400");
  EXPECT_FALSE(world.root.has("a b.iso"));
  EXPECT_EQ(upload_files(), 2U);
  EXPECT_EQ(state(url), "204 0 ?0");
}

TEST_P(CreateUpload, stores_a_first_part) {
  const std::string content = pattern(300'000);
  const std::string heard = world.ask(put("/dir/new", content, "Upload-Complete: ?0\r\n"));
  EXPECT_EQ(field(heard, "Upload-Offset"), "300000") << heard;
  const std::string url = field(heard, "Location");
  EXPECT_TRUE(url.starts_with("/dir/.quoit-")) << url;
  EXPECT_FALSE(world.root.has("dir/new"));
  EXPECT_EQ(state(url), "204 300000 ?0");
  EXPECT_EQ(status(patch(url, 300'000, "end", true)), "201");
  EXPECT_EQ(world.root.get("dir/new"), content + "end");
}

TEST_P(CreateUpload, with_a_whole_body_and_no_version_is_a_plain_put) {
  const std::string content = pattern(200'000);
  const std::string heard = world.ask(put("/new", content, "Upload-Complete: ?1\r\n"));
  EXPECT_TRUE(heard.starts_with("HTTP/1.1 201 ")) << heard;
  EXPECT_EQ(field(heard, "Upload-Complete"), "?1");
  EXPECT_EQ(field(heard, "Upload-Offset"), "200000");
  EXPECT_EQ(field(heard, "Location"), "/new");
  EXPECT_EQ(world.root.get("new"), content);
  EXPECT_EQ(upload_files(), 0U);
}

TEST_P(CreateUpload, with_a_whole_body_of_another_length_stores_nothing) {
  const std::string chunks = "3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n";
  for (const char* version : {"", "Upload-Draft-Interop-Version: 8\r\n"}) {
    for (const char* length : {"0", "5", "7"}) {
      const std::string fields = "Upload-Complete: ?1\r\nUpload-Length: " + std::string(length) +
                                 "\r\n" + std::string(version);
      const std::string heard = world.ask(lab::put_chunked("/old.txt", fields) + chunks);
      EXPECT_NE(heard.find("HTTP/1.1 400 "), std::string::npos) << heard;
      EXPECT_NE(heard.find("#inconsistent-upload-length"), std::string::npos) << heard;
      EXPECT_EQ(world.root.get("old.txt"), "old");
    }
    const std::string fields = "Upload-Complete: ?1\r\nUpload-Length: 6\r\n" + std::string(version);
    const std::string heard = world.ask(lab::put_chunked("/old.txt", fields) + chunks);
    EXPECT_NE(heard.find("HTTP/1.1 204 "), std::string::npos) << heard;
    EXPECT_EQ(field(heard, "Upload-Complete"), "?1");
    EXPECT_EQ(world.root.get("old.txt"), "abcdef");
    world.root.put("old.txt", "old");
  }
}

TEST_P(CreateUpload, sends_104_to_clients_that_know_it) {
  const std::string content = pattern(200'000);
  for (const char* version : {"6", "7", "8"}) {
    const std::string heard = world.ask(put(
        "/new", content,
        "Upload-Complete: ?1\r\nUpload-Draft-Interop-Version: " + std::string(version) + "\r\n"));
    EXPECT_TRUE(
        heard.starts_with("HTTP/1.1 104 Upload Resumption Supported\r\n"
                          "Upload-Draft-Interop-Version: " +
                          std::string(version) + "\r\nLocation: /.quoit-"))
        << heard;
    EXPECT_NE(heard.find("\r\n\r\nHTTP/1.1 20"), std::string::npos) << heard;
    EXPECT_EQ(field(heard, "Upload-Complete"), "?1");
    EXPECT_EQ(field(heard, "Upload-Offset"), "200000");
    EXPECT_EQ(world.root.get("new"), content);
  }
  for (const char* fields : {"Upload-Draft-Interop-Version: 5\r\n", ""}) {
    const std::string heard =
        world.ask(put("/new", content, "Upload-Complete: ?1\r\n" + std::string(fields)));
    EXPECT_TRUE(heard.starts_with("HTTP/1.1 204 ")) << heard;
  }
  // A short body is not worth two files.
  EXPECT_TRUE(
      world.ask(put("/new", "short", "Upload-Complete: ?1\r\nUpload-Draft-Interop-Version: 8\r\n"))
          .starts_with("HTTP/1.1 204 "));
}

TEST_P(CreateUpload, that_breaks_after_104_goes_on) {
  const std::string content = pattern(400'000);
  const int socket = world.connect();
  const std::string heard =
      world.say(socket, lab::without_last(100'000, put("/new", content,
                                                       "Upload-Complete: ?1\r\n"
                                                       "Upload-Draft-Interop-Version: 8\r\n")));
  const std::string url = field(heard, "Location");
  world.engine.peer_resets(socket);
  world.settle();
  EXPECT_EQ(state(url), "204 300000 ?0");
  EXPECT_EQ(status(patch(url, 300'000, content.substr(300'000), true)), "201");
  EXPECT_EQ(world.root.get("new"), content);
}

TEST_P(CreateUpload, that_breaks_before_any_answer_leaves_nothing) {
  const int socket = world.connect();
  world.say(socket,
            lab::without_last(1, put("/a/b/new", pattern(100'000), "Upload-Complete: ?0\r\n")));
  EXPECT_EQ(upload_files(), 2U);
  world.engine.peer_resets(socket);
  world.settle();
  EXPECT_EQ(upload_files(), 0U);
  EXPECT_FALSE(world.root.has("a"));
}

struct Row {
  const char* fields;
  const char* status;
};

const std::vector<Row> refused = {
    {"Upload-Complete: ?0\r\nContent-Range: bytes 0-2/3\r\n", "400"},
    {"Upload-Complete: ?0\r\nContent-Range: bytes 0-2/9\r\n", "400"},
    {"Upload-Complete: ?1\r\nUpload-Length: 4\r\n", "400"},
    {"Upload-Complete: ?0\r\nUpload-Length: 2\r\n", "400"},
    {"Upload-Complete: ?0\r\nUpload-Length: 1001\r\n", "413"},
    {"Upload-Complete: ?1\r\nUpload-Length: 1001\r\n", "413"},
    {"Upload-Complete: ?0\r\nIf-Match: \"a\"\r\n", "412"},
    {"Upload-Complete: ?0\r\nIf-None-Match: *\r\n", "412"},
    {"Upload-Complete: ?0\r\nRepr-Digest: md5=:AA==:\r\n", "400"},
    {"Upload-Complete: ?0\r\nX-OC-MTime: soon\r\n", "400"},
};

TEST_P(CreateUpload, that_cannot_succeed_is_refused_and_leaves_nothing) {
  world.site.max_body = 1000;
  for (const Row& row : refused) {
    const std::string heard = world.ask(put("/old.txt", "new", row.fields));
    EXPECT_EQ(heard.substr(9, 3), row.status) << row.fields << heard;
    EXPECT_EQ(upload_files(), 0U) << row.fields;
    EXPECT_EQ(world.root.get("old.txt"), "old");
    const bool has_limits = !field(heard, "Upload-Limit").empty();
    EXPECT_EQ(has_limits, row.status == std::string("413")) << heard;
  }
}

TEST_P(CreateUpload, with_a_field_of_another_type_is_a_plain_put) {
  for (const char* value : {"1", "true", "\"?0\"", "", "?0, ?0"}) {
    EXPECT_EQ(status(put("/old.txt", "new", "Upload-Complete: " + std::string(value) + "\r\n")),
              "204")
        << value;
    EXPECT_EQ(world.root.get("old.txt"), "new");
    world.root.put("old.txt", "old");
  }
}

TEST_P(CreateUpload, is_refused_where_uploads_cannot_be_resumed) {
  world.site.resumable = false;
  EXPECT_EQ(status(put("/new", "new", "Upload-Complete: ?0\r\n")), "501");
  EXPECT_FALSE(world.root.has("new"));
  EXPECT_EQ(status(put("/new", "new", "Upload-Complete: ?1\r\n")), "201");
}

TEST_P(CreateUpload, of_more_than_may_be_is_refused) {
  for (std::uint64_t i = 0; i < UploadRegistry::most_unfinished; ++i) {
    registry.add({.directory = "d", .id = upload_id(0, i)});
  }
  const std::string heard = world.ask(head_of("PUT", "/new", "Upload-Complete: ?0\r\n"));
  EXPECT_TRUE(heard.starts_with("HTTP/1.1 503 ")) << heard;
  EXPECT_NE(field(heard, "Retry-After"), "");
}

TEST_P(CreateUpload, verifies_the_digest_of_its_first_part) {
  const std::string wrong =
      "Content-Digest: sha-256=:" + std::string(43, 'A') + "=:\r\nUpload-Complete: ?0\r\n";
  EXPECT_EQ(status(put("/new", "new", wrong)), "400");
  EXPECT_EQ(upload_files(), 0U);
}

TEST_P(CreateUpload, verifies_the_digests_of_its_trailer_section) {
  const auto put_with = [](const std::string& fields, const std::string& trailers) {
    return lab::put_chunked("/new", fields) + "3\r\nnew\r\n0\r\n" + trailers + "\r\n";
  };
  const std::string wrong = "sha-256=:" + std::string(43, 'A') + "=:\r\n";
  // By sha256sum.
  const std::string right = "sha-256=:EVB6Di9eadXfpApiob17buV+a82FxnybhDGzb/8hxDc=:\r\n";
  const std::string whole = "Upload-Draft-Interop-Version: 8\r\nUpload-Complete: ?1\r\n";
  EXPECT_EQ(status(put_with("Upload-Complete: ?0\r\n", "Content-Digest: " + wrong)), "400");
  EXPECT_EQ(status(put_with("Upload-Complete: ?0\r\n", "Repr-Digest: " + right)), "400");
  EXPECT_EQ(upload_files(), 0U);
  const std::string heard = world.ask(put_with(whole, "Repr-Digest: " + wrong));
  EXPECT_NE(heard.find("HTTP/1.1 400 "), std::string::npos) << heard;
  EXPECT_EQ(field(heard, "Upload-Complete"), "?1");
  EXPECT_EQ(upload_files(), 0U);
  EXPECT_FALSE(world.root.has("new"));
  const std::string stored = world.ask(put_with(whole, "Repr-Digest: " + right));
  EXPECT_NE(stored.find("HTTP/1.1 201 "), std::string::npos) << stored;
  EXPECT_EQ(world.root.get("new"), "new");
}

TEST_P(CreateUpload, is_announced_by_OPTIONS) {
  world.site.max_body = 5;
  for (const char* target : {"/", "/any/where", "*"}) {
    const std::string heard = world.ask(head_of("OPTIONS", target));
    EXPECT_EQ(field(heard, "Upload-Limit"), "min-size=0, max-age=86400, max-size=5") << heard;
  }
  EXPECT_EQ(field(world.ask(head_of("OPTIONS", "*")), "Allow"),
            "GET, HEAD, OPTIONS, PUT, DELETE, MKCOL, MOVE, PATCH");
  EXPECT_EQ(field(world.ask(head_of("OPTIONS", "/a")), "Allow"),
            "GET, HEAD, OPTIONS, PUT, DELETE, MKCOL, MOVE");
  world.site.resumable = false;
  EXPECT_EQ(field(world.ask(head_of("OPTIONS", "/a")), "Upload-Limit"), "");
}

}  // namespace
}  // namespace server

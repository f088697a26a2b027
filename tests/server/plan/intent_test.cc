// Intents: tables of methods, targets and fields.
#include "apps/server/plan/intent.h"

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "apps/server/pages/page_files.h"
#include "tests/server/world.h"

namespace server {
namespace {

using lab::head_of;
using lab::Request;

struct Row {
  const char* method;
  const char* target;
  Action action;
  const char* path = "";  // unless it is refused
  int status = 0;         // if it is refused
  const char* fields = "";
  bool names_directory = false;
  bool is_hidden = false;
};

constexpr Action refuse = Action::refuse;

const std::vector<Row> read_only_rows = {
    {"GET", "/", Action::read, ".", 0, "", true},
    {"GET", "/.", Action::read, ".", 0, "", true},
    {"GET", "/a", Action::read, "a"},
    {"HEAD", "/a/", Action::read, "a", 0, "", true},
    {"GET", "/a/?tar", Action::archive, "a", 0, "", true},
    {"HEAD", "/?zip=", Action::archive, ".", 0, "", true},
    {"GET", "/a/?tar=1", Action::read, "a", 0, "", true},
    {"GET", "/a?tar", Action::read, "a"},
    {"GET", "/.a/?tar", Action::read, ".a", 0, "", true, true},
    {"GET", "/a/b?c=d/e", Action::read, "a/b"},
    {"GET", "//a//b", Action::read, "a/b"},
    {"GET", "/./a", Action::read, "a"},
    {"GET", "/nowhere/../a", Action::read, "a"},
    {"GET", "/a/..", Action::read, ".", 0, "", true},
    {"GET", "/a%2bb%20c", Action::read, "a+b c"},
    {"GET", "/a+b", Action::read, "a+b"},
    {"GET", "/%61", Action::read, "a"},
    {"GET", "http://other/a", Action::read, "a"},
    {"GET", "http://other", Action::read, ".", 0, "", true},
    {"GET", "/..", refuse, "", 400},
    {"GET", "/a/../../b", refuse, "", 400},
    {"GET", "/%2e%2e/b", refuse, "", 400},
    {"GET", "/a%00", refuse, "", 400},
    {"GET", "/a%2fb", refuse, "", 400},
    {"GET", "/a%0ab", refuse, "", 400},
    {"GET", "/.a", Action::read, ".a", 0, "", false, true},
    {"GET", "/a/.b/c", Action::read, "a/.b/c", 0, "", false, true},
    {"GET", "/...", Action::read, "...", 0, "", false, true},
    {"GET", "/a.b", Action::read, "a.b"},
    {"GET", "/a", refuse, "", 417, "Expect: x\r\n"},
    {"GET", "/a", Action::read, "a", 0, "Expect: 100-Continue\r\n"},
    {"OPTIONS", "*", Action::options},
    {"OPTIONS", "/a", Action::options, "a"},
    {"OPTIONS", "/..", refuse, "", 400},
    {"PUT", "/a", refuse, "", 405},
    {"DELETE", "/a", refuse, "", 405},
    {"POST", "/a", refuse, "", 405},
    {"PATCH", "/a", refuse, "", 405},
    {"TRACE", "/a", refuse, "", 405},
    {"CONNECT", "a:1", refuse, "", 405},
    {"BREW", "/a", refuse, "", 501},
    {"get", "/a", refuse, "", 501},
    {"BREW", "/..", refuse, "", 501},
};

const std::vector<Row> writable_rows = {
    {"GET", "/a", Action::read, "a"},
    {"PUT", "/a/b", Action::write, "a/b"},
    {"PUT", "/a", Action::write, "a", 0, "Content-Length: 100\r\n"},
    {"PUT", "/a", refuse, "", 413, "Content-Length: 101\r\n"},
    {"PUT", "/a", Action::write, "a", 0, "Transfer-Encoding: chunked\r\n"},
    {"PUT", "/", refuse, "", 409},
    {"PUT", "/a/", refuse, "", 409},
    {"PUT", "/a/.", refuse, "", 409},
    {"PUT", "/.a", refuse, "", 403},
    {"PUT", "/a/.b/c", refuse, "", 403},
    {"PUT", "/.quoit-0.tmp", refuse, "", 403},
    {"PUT", "/..", refuse, "", 400},
    {"PUT", "/a", refuse, "", 400, "Content-Range: bytes 0-0/1\r\n"},
    {"PUT", "/a", refuse, "", 400, "Content-Range: bytes */9\r\nContent-Length: 9\r\n"},
    {"PUT", "/a", Action::write, "a", 0, "Content-Range: bytes 1-9/10\r\nContent-Length: 9\r\n"},
    {"PUT", "/a", refuse, "", 413, "Content-Range: bytes 92-100/*\r\nContent-Length: 9\r\n"},
    {"PUT", "/a", Action::write, "a", 0, "X-OC-MTime: 1\r\n"},
    {"PUT", "/a", refuse, "", 400, "X-OC-MTime: soon\r\n"},
    {"PUT", "/a", refuse, "", 417, "Expect: x\r\n"},
    // A part of a resumable upload is no whole file.
    {"PUT", "/a", refuse, "", 501, "Upload-Complete: ?0\r\nContent-Length: 9\r\n"},
    {"PUT", "/a", refuse, "", 501, "Upload-Complete: 1\r\nContent-Length: 9\r\n"},
    {"PUT", "/a", refuse, "", 501, "Upload-Complete:\r\nContent-Length: 9\r\n"},
    {"PUT", "/a", refuse, "", 501, "Upload-Complete: ?1\r\nUpload-Complete: ?0\r\n"},
    {"PUT", "/a", Action::write, "a", 0, "Upload-Complete: ?1\r\nContent-Length: 9\r\n"},
    {"DELETE", "/a", Action::remove, "a"},
    {"DELETE", "/a/", Action::remove, "a", 0, "", true},
    {"DELETE", "/", Action::remove, ".", 0, "", true},
    {"DELETE", "/.a", refuse, "", 403},
    {"POST", "/a", refuse, "", 405},
};

const std::string upload = "/d/.quoit-0123456789abcdef0123456789abcdef.upload";

const std::vector<Row> resumable_rows = {
    {"PUT", "/a", Action::create, "a", 0, "Upload-Complete: ?0\r\nContent-Length: 9\r\n"},
    {"PUT", "/a", Action::create, "a", 0, "Upload-Complete: ?1\r\nContent-Length: 999\r\n"},
    {"PUT", "/a", Action::write, "a", 0, "Upload-Complete: 1\r\nContent-Length: 9\r\n"},
    {"PUT", "/a", Action::write, "a", 0, "Upload-Complete: ?0\r\nUpload-Complete: ?0\r\n"},
    {"PUT", "/a", Action::write, "a", 0, "Upload-Offset: 0\r\n"},
    {"PUT", "/a", refuse, "", 400,
     "Upload-Complete: ?0\r\nContent-Range: bytes 0-8/9\r\nContent-Length: 9\r\n"},
    {"PUT", "/a", refuse, "", 400, "Upload-Complete: ?0\r\nX-OC-MTime: soon\r\n"},
    {"PUT", "/a/", refuse, "", 409, "Upload-Complete: ?0\r\n"},
    {"PATCH", "/a", refuse, "", 405},
    {"PATCH", "/", refuse, "", 405},
    {"GET", upload.c_str(), Action::resume, upload.c_str() + 1, 0, "", false, true},
    {"HEAD", upload.c_str(), Action::resume, upload.c_str() + 1, 0, "", false, true},
    {"PATCH", upload.c_str(), Action::resume, upload.c_str() + 1, 0, "", false, true},
    {"DELETE", upload.c_str(), Action::resume, upload.c_str() + 1, 0, "", false, true},
    {"OPTIONS", upload.c_str(), Action::options, upload.c_str() + 1, 0, "", false, true},
    {"PUT", upload.c_str(), refuse, "", 405},
    {"POST", upload.c_str(), refuse, "", 405},
    {"DELETE", "/.quoit-0123456789abcdef0123456789abcdef.part", refuse, "", 403},
    {"DELETE", "/.d/.quoit-0123456789abcdef0123456789abcdef.upload", refuse, "", 403},
    {"PATCH", "/.quoit-0123456789abcdef0123456789abcdef.upload/", refuse, "", 405},
};

void expect_rows(const std::vector<Row>& rows, const Site& site) {
  for (const Row& row : rows) {
    SCOPED_TRACE(std::string(row.method) + " " + row.target + " " + row.fields);
    const Request request(row.method == std::string_view("CONNECT")
                              ? "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n"
                              : head_of(row.method, row.target, row.fields));
    std::array<char, path_buffer_bytes> buffer;
    buffer.fill('x');
    const Intent intent = decide(request.head, site, buffer);
    EXPECT_EQ(intent.action, row.action);
    EXPECT_EQ(intent.status, row.status);
    if (row.action == refuse) continue;
    EXPECT_EQ(intent.path, row.path);
    EXPECT_TRUE(intent.path.empty() || intent.path.data()[intent.path.size()] == '\0');
    EXPECT_EQ(intent.names_directory, row.names_directory);
    EXPECT_EQ(intent.is_hidden, row.is_hidden);
  }
}

// Its name is hidden, so that no file can have it, and rights do not matter.
TEST(Intents, of_the_script_of_pages) {
  std::array<char, path_buffer_bytes> buffer;
  for (const bool dot_files : {false, true}) {
    Site site;
    site.dot_files = dot_files;
    const std::string name(page_files().script_name);
    const lab::Request request(lab::head_of("GET", "/" + name));
    const Intent intent = decide(request.head, site, buffer);
    EXPECT_EQ(intent.action, Action::script);
    EXPECT_FALSE(intent.names_file());
    const lab::Request below(lab::head_of("GET", "/a/" + name));
    EXPECT_EQ(decide(below.head, site, buffer).action, Action::read);
    site.writable = true;
    const lab::Request written(lab::head_of("PUT", "/" + name));
    EXPECT_EQ(decide(written.head, site, buffer).action, Action::refuse);
  }
}

TEST(Intents, of_a_read_only_site) { expect_rows(read_only_rows, {}); }

TEST(Intents, of_a_writable_site) {
  Site site;
  site.writable = true;
  site.max_body = 100;
  expect_rows(writable_rows, site);
}

TEST(Intents, of_a_site_with_resumable_uploads) {
  Site site;
  site.writable = true;
  site.resumable = true;
  site.max_body = 100;
  expect_rows(resumable_rows, site);
  expect_rows({{"PATCH", upload.c_str(), refuse, "", 405}}, {});
  site.resumable = false;
  expect_rows(
      {{"PATCH", upload.c_str(), refuse, "", 405}, {"DELETE", upload.c_str(), refuse, "", 403}},
      site);
}

TEST(Intents, of_paths_longer_than_the_system_takes) {
  const Request longest(head_of("GET", "/" + std::string(path_buffer_bytes - 2, 'a')));
  const Request longer(head_of("GET", "/" + std::string(path_buffer_bytes - 1, 'a')));
  std::array<char, path_buffer_bytes> buffer;
  EXPECT_EQ(decide(longest.head, {}, buffer).path.size(), path_buffer_bytes - 2);
  EXPECT_EQ(decide(longer.head, {}, buffer).action, refuse);
  EXPECT_EQ(decide(longer.head, {}, buffer).status, 414);
}

TEST(Hidden, are_names_that_begin_with_a_dot_and_temporaries_always) {
  struct NameRow {
    const char* path;
    bool by_default;
    bool with_dot_files;
  };
  for (const NameRow row :
       {NameRow{".", false, false}, NameRow{"a", false, false}, NameRow{".a", true, false},
        NameRow{"a/.b", true, false}, NameRow{".a/b", true, false}, NameRow{"a./b", false, false},
        NameRow{".quoit-1.tmp", true, true}, NameRow{"a/.quoit-1.tmp", true, true},
        NameRow{".quoi", true, false}, NameRow{"..a", true, false}}) {
    EXPECT_EQ(is_hidden(row.path, false), row.by_default) << row.path;
    EXPECT_EQ(is_hidden(row.path, true), row.with_dot_files) << row.path;
  }
}

}  // namespace
}  // namespace server

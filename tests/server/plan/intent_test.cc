// What a request wants: tables of methods, targets and fields.
#include "apps/server/plan/intent.h"

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tests/server/world.h"

namespace server {
namespace {

using lab::head_of;
using lab::Request;

struct Wish {
  const char* method;
  const char* target;
  Action action;
  const char* path = "";  // of what is not refused
  int status = 0;         // of what is
  const char* fields = "";
  bool names_directory = false;
  bool is_hidden = false;
};

constexpr Action refuse = Action::refuse;

const std::vector<Wish> wishes_of_readers = {
    {"GET", "/", Action::read, ".", 0, "", true},
    {"GET", "/.", Action::read, ".", 0, "", true},
    {"GET", "/a", Action::read, "a"},
    {"HEAD", "/a/", Action::read, "a", 0, "", true},
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

const std::vector<Wish> wishes_of_writers = {
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
    {"DELETE", "/a", Action::remove, "a"},
    {"DELETE", "/a/", Action::remove, "a", 0, "", true},
    {"DELETE", "/", Action::remove, ".", 0, "", true},
    {"DELETE", "/.a", refuse, "", 403},
    {"POST", "/a", refuse, "", 405},
};

void expect_wishes(const std::vector<Wish>& wishes, const Site& site) {
  for (const Wish& wish : wishes) {
    SCOPED_TRACE(std::string(wish.method) + " " + wish.target + " " + wish.fields);
    const Request request(wish.method == std::string_view("CONNECT")
                              ? "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n"
                              : head_of(wish.method, wish.target, wish.fields));
    std::array<char, path_buffer_bytes> room;
    room.fill('x');
    const Intent intent = decide(request.head, site, room);
    EXPECT_EQ(intent.action, wish.action);
    EXPECT_EQ(intent.status, wish.status);
    if (wish.action == refuse) continue;
    EXPECT_EQ(intent.path, wish.path);
    EXPECT_TRUE(intent.path.empty() || intent.path.data()[intent.path.size()] == '\0');
    EXPECT_EQ(intent.names_directory, wish.names_directory);
    EXPECT_EQ(intent.is_hidden, wish.is_hidden);
  }
}

TEST(Intents, of_those_who_may_only_read) { expect_wishes(wishes_of_readers, {}); }

TEST(Intents, of_those_who_may_write) {
  Site site;
  site.writable = true;
  site.max_body = 100;
  expect_wishes(wishes_of_writers, site);
}

TEST(Intents, of_paths_longer_than_the_system_takes) {
  const Request longest(head_of("GET", "/" + std::string(path_buffer_bytes - 2, 'a')));
  const Request longer(head_of("GET", "/" + std::string(path_buffer_bytes - 1, 'a')));
  std::array<char, path_buffer_bytes> room;
  EXPECT_EQ(decide(longest.head, {}, room).path.size(), path_buffer_bytes - 2);
  EXPECT_EQ(decide(longer.head, {}, room).action, refuse);
  EXPECT_EQ(decide(longer.head, {}, room).status, 414);
}

TEST(Hidden, are_names_that_begin_with_a_dot_and_temporaries_always) {
  struct Row {
    const char* path;
    bool by_default;
    bool with_dot_files;
  };
  for (const Row row :
       {Row{".", false, false}, Row{"a", false, false}, Row{".a", true, false},
        Row{"a/.b", true, false}, Row{".a/b", true, false}, Row{"a./b", false, false},
        Row{".quoit-1.tmp", true, true}, Row{"a/.quoit-1.tmp", true, true},
        Row{".quoi", true, false}, Row{"..a", true, false}}) {
    EXPECT_EQ(is_hidden(row.path, false), row.by_default) << row.path;
    EXPECT_EQ(is_hidden(row.path, true), row.with_dot_files) << row.path;
  }
}

}  // namespace
}  // namespace server

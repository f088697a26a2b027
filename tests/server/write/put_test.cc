// PUT on the simulated engine: the responses, and the files afterwards.
#include "apps/server/write/put.h"

#include <filesystem>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "tests/server/writer.h"

namespace server {
namespace {

using lab::head_of;
using lab::pattern;
using uring::OpCode;

using lab::put;
using lab::put_chunked;
using lab::without_last;

class Put : public lab::WritingAnywhere {};
WHEREVER_FILES_LIE(Put);

// --- Storing ---

TEST_P(Put, creates_and_replaces_to_the_byte) {
  const int socket = world.connect();
  const std::string first = world.say(socket, put("/new.txt", "new"));
  EXPECT_EQ(first, created("new.txt"));
  EXPECT_EQ(world.root.get("new.txt"), "new");
  const std::string second = world.say(socket, put("/old.txt", "newer"));
  EXPECT_EQ(second, first + replaced("old.txt"));
  EXPECT_EQ(world.root.get("old.txt"), "newer");
  EXPECT_FALSE(world.engine.closed(socket));
}

TEST_P(Put, takes_chunks_with_a_pipelined_follower) {
  const std::string bytes = put_chunked("/a/b/new.txt") +
                            "3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\nDigest: z\r\n\r\n" +
                            head_of("GET", "/a/b/new.txt");
  const std::string answer = world.ask(bytes);
  EXPECT_TRUE(answer.starts_with(created("a/b/new.txt")));
  EXPECT_TRUE(answer.ends_with("\r\n\r\nabcdefg"));
  for (std::size_t at = 1; at < bytes.size(); ++at) {
    const int socket = world.connect();
    world.say(socket, bytes.substr(0, at));
    const std::string again = world.say(socket, bytes.substr(at));
    ASSERT_TRUE(again.starts_with(replaced("a/b/new.txt"))) << at << again;
    ASSERT_TRUE(again.ends_with("\r\n\r\nabcdefg")) << at << again;
    world.engine.peer_finishes(socket);
    world.settle();
  }
  world.engine.split_receives(1);
  EXPECT_TRUE(world.ask(bytes).ends_with("\r\n\r\nabcdefg"));
}

TEST_P(Put, stores_bodies_of_all_sizes_around_a_block) {
  for (const std::size_t bytes :
       {std::size_t{0}, std::size_t{1}, BlockPool::large_bytes - 1, BlockPool::large_bytes,
        BlockPool::large_bytes + 1, 3 * BlockPool::large_bytes + 17}) {
    const std::string content = pattern(bytes);
    const std::string follower = head_of("HEAD", "/old.txt");
    EXPECT_TRUE(world.ask(put("/x", content) + follower).ends_with("bytes\r\n\r\n")) << bytes;
    EXPECT_EQ(world.root.get("x"), content);
    std::string chunk = std::to_string(bytes);
    std::array<char, 16> hex{};
    std::snprintf(hex.data(), hex.size(), "%zx", bytes);
    const std::string chunked = bytes == 0 ? "" : hex.data() + ("\r\n" + content + "\r\n");
    EXPECT_TRUE(
        world.ask(put_chunked("/y") + chunked + "0\r\n\r\n" + follower).ends_with("bytes\r\n\r\n"))
        << bytes;
    EXPECT_EQ(world.root.get("y"), content);
  }
}

TEST_P(Put, writes_a_small_body_at_once) {
  world.ask(put("/old.txt", "new"));
  EXPECT_EQ(world.engine.started(OpCode::write), 1U);
  EXPECT_EQ(world.engine.started(OpCode::send), 1U);
}

// In the very turn, in which the cache has been asked already.
TEST_P(Put, is_what_a_pipelined_reader_gets) {
  const std::string get = head_of("GET", "/old.txt");
  const int socket = world.connect();
  for (int i = 0; i < 3; ++i) world.say(socket, get);  // now it is remembered
  const std::string gone = head_of("DELETE", "/old.txt");
  const std::string heard = world.say(
      socket, get + put("/old.txt", "first") + get + gone + get + put("/old.txt", "second") + get);
  std::size_t at = 0;
  for (const std::string_view next : {"\r\n\r\nold", "204 No", "\r\n\r\nfirst", "204 No", "404 Not",
                                      "201 Created", "\r\n\r\nsecond"}) {
    at = heard.find(next, at);
    ASSERT_NE(at, std::string::npos) << next << " in " << heard;
  }
  world.engine.peer_finishes(socket);
}

TEST_P(Put, that_is_deleted_is_gone_for_a_pipelined_reader) {
  const std::string get = head_of("GET", "/old.txt");
  const int socket = world.connect();
  for (int i = 0; i < 3; ++i) world.say(socket, get);
  const std::string heard = world.say(socket, get + head_of("DELETE", "/old.txt") + get);
  const std::vector<int> expected = {200, 200, 200, 200, 204, 404};
  EXPECT_EQ(lab::statuses_of(heard), expected);
  world.engine.peer_finishes(socket);
}

// The directory is known from the first upload of the turn, and is not there any more for the last.
TEST_P(Put, goes_to_a_directory_that_was_deleted_just_now) {
  const auto remove = [](std::string_view target) { return head_of("DELETE", target); };
  const std::string heard =
      world.ask(put("/a/x", "1") + put("/a/y", "2") + put("/b/c/x", "3") + remove("/a/x") +
                remove("/a/y") + remove("/a/") + put("/a/z", "4") + put("/a/b/z", "5") +
                remove("/b/c/x") + remove("/b/c/") + remove("/b/") + put("/b/z", "6"));
  const std::vector<int> expected = {201, 201, 201, 204, 204, 204, 201, 201, 204, 204, 204, 201};
  EXPECT_EQ(lab::statuses_of(heard), expected) << heard;
  EXPECT_EQ(world.root.get("a/z") + world.root.get("a/b/z") + world.root.get("b/z"), "456");
}

// A PUT of a small file in memory takes no loop iteration of its own.
TEST_P(Put, in_memory_is_stored_in_the_loop_iteration_in_which_it_arrives) {
  if (GetParam() == lab::Where::on_disk) GTEST_SKIP() << "a disk is waited for";
  const int socket = world.connect();
  world.say(socket, head_of("GET", "/none"));
  const std::uint64_t before = world.engine.started();
  world.engine.peer_sends(socket, put("/new", "new") + put("/newer", "newer"));
  EXPECT_EQ(world.loop.iterate(0), 1U);
  EXPECT_EQ(world.root.get("new") + world.root.get("newer"), "newnewer");
  std::vector<OpCode> codes;
  for (std::uint64_t n = before + 1; n <= world.engine.started(); ++n) {
    codes.push_back(world.engine.code_of(n));
  }
  const OpCode naming = world.worker.links_files ? OpCode::link : OpCode::rename;
  EXPECT_EQ(codes, (std::vector<OpCode>{OpCode::open, OpCode::open, OpCode::write, naming,
                                        OpCode::open, OpCode::write, naming, OpCode::send}));
  world.engine.peer_finishes(socket);
}

TEST_P(Put, sends_earlier_responses_then_stores_then_continues) {
  const std::string get = head_of("GET", "/old.txt");
  const std::string answer = world.ask(get + put("/old.txt", "new") + get);
  EXPECT_NE(answer.find("\r\n\r\noldHTTP/1.1 204 No Content\r\n"), std::string::npos);
  EXPECT_TRUE(answer.ends_with("\r\n\r\nnew"));
}

TEST_P(Put, creates_files_with_the_modes_that_the_umask_leaves) {
  const mode_t before = ::umask(027);
  world.ask(put("/a/new", "x"));
  ::umask(before);
  struct stat status {};
  ASSERT_EQ(::stat((world.root / "a/new").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0640U);
  ASSERT_EQ(::stat((world.root / "a").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0750U);
}

TEST_P(Put, names_in_Location_a_path_that_GET_serves) {
  EXPECT_NE(world.ask(put("/a%20b", "x")).find("\r\nLocation: /a%20b\r\n"), std::string::npos);
  EXPECT_NE(world.ask(put("//host/c", "x")).find("\r\nLocation: /host/c\r\n"), std::string::npos);
  EXPECT_TRUE(world.root.has("host/c"));
  EXPECT_EQ(status("PUT http://h/d HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"), "201");
}

// A reader in mid-transfer keeps the file it began with.
TEST_P(Put, leaves_a_reader_the_file_it_began_with) {
  const std::string before = pattern(3 * BlockPool::large_bytes);
  world.root.put("file", before);
  const int reader = world.connect();
  world.engine.peer_takes(reader, 1000);
  world.say(reader, head_of("GET", "/file"));
  EXPECT_EQ(status(put("/file", "new")), "204");
  world.engine.peer_takes(reader, SIZE_MAX);
  world.settle();
  EXPECT_TRUE(world.heard(reader).ends_with(before));
}

TEST_P(Put, publishes_each_of_two_uploads_as_a_whole) {
  const std::string one(1000, '1');
  const std::string two(2000, '2');
  const int first = world.connect();
  const int second = world.connect();
  world.say(first, without_last(500, put("/old.txt", one)));
  world.say(second, without_last(500, put("/old.txt", two)));
  EXPECT_EQ(world.root.get("old.txt"), "old");
  world.say(second, two.substr(0, 500));
  EXPECT_EQ(world.root.get("old.txt"), two);
  world.say(first, one.substr(0, 500));
  EXPECT_EQ(world.root.get("old.txt"), one);
}

// --- Expect ---

TEST_P(Put, sends_100_for_an_upload_that_it_accepts_and_not_before_a_refusal) {
  constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
  const int socket = world.connect();
  const std::string bytes = put("/new", "new", "Expect: 100-continue\r\n");
  EXPECT_EQ(world.say(socket, bytes.substr(0, bytes.size() - 3)), go_on);
  const std::string answer = world.say(socket, "new");
  EXPECT_EQ(answer, std::string(go_on) + created("new"));
  // A client that sends its body at once gets no 100.
  EXPECT_EQ(status(put("/new", "new", "Expect: 100-continue\r\n")), "204");
  EXPECT_EQ(status(put("/new", "", "Expect: 100-continue\r\n")), "204");
  for (const std::string_view refused :
       {"/", "/folder/", "/.hidden", "/old.txt/x", "/x%00", "/..", "/old.txt/"}) {
    const int other = world.connect();
    const std::string refusal =
        world.say(other, head_of("PUT", refused, "Content-Length: 9\r\nExpect: 100-continue\r\n"));
    EXPECT_TRUE(refusal.starts_with("HTTP/1.1 4")) << refused;
    EXPECT_NE(refusal.find("\r\nConnection: close\r\n"), std::string::npos) << refused;
    EXPECT_TRUE(world.engine.finished(other)) << refused;
  }
}

TEST_P(Put, sends_100_behind_earlier_responses) {
  const int socket = world.connect();
  const std::string answer = world.say(
      socket, head_of("GET", "/old.txt") + put_chunked("/new", "Expect: 100-continue\r\n"));
  EXPECT_TRUE(answer.ends_with("oldHTTP/1.1 100 Continue\r\n\r\n"));
  EXPECT_TRUE(world.say(socket, "1\r\nx\r\n0\r\n\r\n").ends_with(created("new")));
}

// --- Refusing ---

TEST_P(Put, refuses_paths_that_cannot_be_a_file) {
  world.root.put("folder/file", "x");
  std::filesystem::create_symlink("/tmp", world.root / "outside");
  std::filesystem::create_symlink("/nowhere", world.root / "dangling");
  EXPECT_EQ(status(put("/folder", "x")), "409");
  EXPECT_EQ(status(put("/old.txt/x", "x")), "409");
  EXPECT_EQ(status(put("/old.txt/x/y/z", "x")), "409");
  EXPECT_EQ(status(put("/", "x")), "409");
  EXPECT_EQ(status(put("/new/", "x")), "409");
  EXPECT_EQ(status(put("/.hidden", "x")), "403");
  EXPECT_EQ(status(put("/a/.hidden/x", "x")), "403");
  EXPECT_EQ(status(put("/outside/x", "x")), "403");
  EXPECT_EQ(status(put("/dangling", "x")), "403");
  EXPECT_EQ(status(put("/" + std::string(300, 'n'), "x")), "400");
  EXPECT_EQ(world.root.names(),
            (std::vector<std::string>{"dangling", "folder", "folder/file", "old.txt", "outside"}));
}

TEST_P(Put, judges_conditions_before_it_takes_a_body) {
  EXPECT_EQ(status(put("/old.txt", "x", "If-None-Match: *\r\n")), "412");
  EXPECT_EQ(status(put("/old.txt", "x", "If-Match: \"other\"\r\n")), "412");
  EXPECT_EQ(status(put("/none", "x", "If-Match: *\r\n")), "412");
  EXPECT_EQ(world.root.get("old.txt"), "old");
  EXPECT_EQ(status(put("/none", "x", "If-None-Match: *\r\n")), "201");
  EXPECT_EQ(status(put("/old.txt", "x", "If-Match: *\r\n")), "204");
}

// Of two writers that may only create the file, one succeeds.
TEST_P(Put, lets_one_of_two_creators_succeed) {
  const std::string bytes = put("/a/new", "12345", "If-None-Match: *\r\n");
  const int first = world.connect();
  const int second = world.connect();
  world.say(first, bytes.substr(0, bytes.size() - 1));
  world.say(second, bytes.substr(0, bytes.size() - 1));
  EXPECT_TRUE(world.say(first, "5").starts_with("HTTP/1.1 201 "));
  EXPECT_TRUE(world.say(second, "6").starts_with("HTTP/1.1 412 "));
  EXPECT_EQ(world.root.get("a/new"), "12345");
}

// Of two writers with the entity tag of one version, one replaces it.
TEST_P(Put, lets_one_of_two_writers_of_a_version_succeed) {
  const std::string head = world.ask(head_of("HEAD", "/old.txt"));
  const std::size_t tag = head.find("ETag: ") + 6;
  const std::string match = "If-Match: " + head.substr(tag, head.find("\r\n", tag) - tag) + "\r\n";
  const int first = world.connect();
  const int second = world.connect();
  world.say(first, without_last(1, put("/old.txt", "12345", match)));
  world.say(second, without_last(1, put("/old.txt", "67890", match)));
  EXPECT_TRUE(world.say(first, "5").starts_with("HTTP/1.1 204 "));
  EXPECT_TRUE(world.say(second, "0").starts_with("HTTP/1.1 412 "));
  EXPECT_EQ(world.root.get("old.txt"), "12345");
}

TEST_P(Put, refuses_a_body_as_soon_as_its_announced_size_exceeds_the_limit) {
  world.site.max_body = 1000;
  EXPECT_EQ(status(put("/x", std::string(1000, 'x'))), "201");
  EXPECT_EQ(status(put("/y", std::string(1001, 'x'))), "413");
  const int socket = world.connect();
  world.say(socket, put_chunked("/y"));
  EXPECT_EQ(world.say(socket, "3e9\r\n").substr(0, 12), "HTTP/1.1 413");
  EXPECT_TRUE(world.engine.finished(socket));
  EXPECT_EQ(status(put_chunked("/y") + "3e7\r\n" + pattern(999) + "\r\n2\r\n"), "413");
  EXPECT_FALSE(world.root.has("y"));
}

TEST_P(Put, publishes_nothing_of_a_body_that_is_short_or_malformed) {
  EXPECT_EQ(status(without_last(1, put("/a/new", "123"))), "400");
  EXPECT_EQ(status(without_last(3, put("/a/new", "123"))), "400");
  EXPECT_EQ(status(put_chunked("/a/new") + "3\r\nabc\r\n"), "400");
  EXPECT_EQ(status(put_chunked("/a/new") + "3\r\nabcd\r\n"), "400");
  EXPECT_EQ(status(put_chunked("/a/new") + "3\r\nabc\r\n0\r\nHost: x\r\n\r\n"), "400");
  const int socket = world.connect();
  world.say(socket, without_last(1, put("/a/new", "123")));
  world.engine.peer_resets(socket);
  world.settle();
  EXPECT_TRUE(world.engine.closed(socket));
  EXPECT_EQ(world.root.names(), std::vector<std::string>{"old.txt"});
}

// --- Space ---

TEST_P(Put, asks_for_space_before_it_asks_for_a_body) {
  world.engine.set_free_bytes(1000);
  EXPECT_EQ(status(put("/x", std::string(1000, 'x'))), "201");
  for (const std::string expect : {"", "Expect: 100-continue\r\n"}) {
    // In memory a short body is received first, unless the client waits for 100 (Continue).
    if (expect.empty() && GetParam() != lab::Where::on_disk) continue;
    const int socket = world.connect();
    const std::string head = "Content-Length: 1001\r\n" + expect;
    EXPECT_TRUE(world.say(socket, head_of("PUT", "/y", head)).starts_with("HTTP/1.1 507 "));
  }
  world.site.reserve = 600;
  EXPECT_EQ(status(put("/y", std::string(401, 'x'))), "507");
  EXPECT_EQ(status(put("/y", std::string(400, 'x'))), "201");
  world.site.reserve = 1001;
  EXPECT_EQ(status(put("/z", "")), "507");
  EXPECT_EQ(status(put_chunked("/z", "Expect: 100-continue\r\n")), "507");
  EXPECT_EQ(world.root.names(), (std::vector<std::string>{"old.txt", "x", "y"}));
}

TEST_P(Put, keeps_the_reserve_while_a_body_grows) {
  world.site.reserve = 1000;
  world.engine.set_free_bytes(BlockPool::large_bytes + 1000);
  const int socket = world.connect();
  const std::string chunk = "40000\r\n" + pattern(BlockPool::large_bytes) + "\r\n";
  world.say(socket, put_chunked("/x") + chunk);
  EXPECT_EQ(world.heard(socket), "");
  world.engine.set_free_bytes(BlockPool::large_bytes + 999);
  world.say(socket, chunk + chunk);
  EXPECT_TRUE(world.heard(socket).starts_with("HTTP/1.1 507 "));
  EXPECT_TRUE(world.engine.finished(socket));
  EXPECT_FALSE(world.root.has("x"));
}

// The size of a chunk is known before its bytes: nothing is gained by waiting for them.
TEST_P(Put, refuses_a_chunk_for_which_there_is_no_space) {
  world.engine.set_free_bytes(1'000'000);
  for (const char* size : {"7fffffffffffff00", "f4241", "100000"}) {
    const int socket = world.connect();
    const std::string bytes = put_chunked("/x") + size + "\r\n";
    EXPECT_TRUE(world.say(socket, bytes).starts_with("HTTP/1.1 507 ")) << size;
    EXPECT_TRUE(world.engine.finished(socket)) << size;
    const int later = world.connect();
    world.say(later, put_chunked("/x") + "3\r\nabc\r\n");
    EXPECT_TRUE(world.say(later, std::string(size) + "\r\n").starts_with("HTTP/1.1 507 ")) << size;
  }
  world.site.reserve = 500'000;
  const int socket = world.connect();
  EXPECT_TRUE(world.say(socket, put_chunked("/x") + "7a121\r\n").starts_with("HTTP/1.1 507 "));
  const int fitting = world.connect();
  EXPECT_EQ(world.say(fitting, put_chunked("/x") + "7a120\r\n"), "");
  world.engine.peer_resets(fitting);
  world.settle();
  EXPECT_FALSE(world.root.has("x"));
}

// Some file systems do not report their free space: a write finds out.
TEST_P(Put, proceeds_where_the_free_space_is_unknown) {
  world.site.reserve = 1000;
  world.engine.set_free_bytes(-1);
  EXPECT_EQ(status(put("/x", "x")), "201");
}

// --- Fields that describe the file ---

TEST_P(Put, sets_the_time_that_a_client_sends) {
  const std::string answer = world.ask(put("/new", "x", "X-OC-MTime: 784111777\r\n"));
  EXPECT_EQ(answer, "HTTP/1.1 201 Created\r\nDate: NOW\r\nContent-Length: 0\r\n" +
                        facts_of_file("new") + "Location: /new\r\nX-OC-MTime: accepted\r\n\r\n");
  EXPECT_NE(answer.find("\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"), std::string::npos);
  EXPECT_EQ(
      status(head_of("GET", "/new", "If-Unmodified-Since: " + std::string(lab::old_date) + "\r\n")),
      "200");
  EXPECT_EQ(status(put("/new", "x", "X-OC-MTime: yesterday\r\n")), "400");
  EXPECT_EQ(status(put("/new", "x", "X-OC-MTime: -86400.5\r\n")), "204");
  EXPECT_NE(world.ask(head_of("GET", "/new")).find("Wed, 31 Dec 1969 00:00:00 GMT"),
            std::string::npos);
}

// Two versions of equal size with one client time differ in their nanoseconds.
TEST_P(Put, gives_versions_of_one_client_time_different_tags) {
  EXPECT_EQ(status(put("/new", "one", "X-OC-MTime: 784111777\r\n")), "201");
  const std::string match = "If-Match: " + tag_of_file("new") + "\r\n";
  EXPECT_EQ(status(put("/new", "two", "X-OC-MTime: 784111777\r\n" + match)), "204");
  EXPECT_EQ(status(put("/new", "six", "X-OC-MTime: 784111777\r\n" + match)), "412");
  EXPECT_EQ(world.root.get("new"), "two");
}

// The body is stored as it is, whatever Content-Encoding and Content-Type say.
TEST_P(Put, stores_codings_and_forms_as_they_are) {
  EXPECT_EQ(status(put("/a", "\x1f\x8b\b not really", "Content-Encoding: gzip\r\n")), "201");
  EXPECT_EQ(world.root.get("a"), "\x1f\x8b\b not really");
  const std::string answer = world.ask(head_of("GET", "/a"));
  EXPECT_EQ(answer.find("Content-Encoding"), std::string::npos);
  const std::string form = "--x\r\nContent-Disposition: form-data; name=f\r\n\r\nhi\r\n--x--\r\n";
  EXPECT_EQ(status(put("/b", form, "Content-Type: multipart/form-data; boundary=x\r\n")), "201");
  EXPECT_EQ(world.root.get("b"), form);
}

// --- Time ---

TEST_P(Put, sends_408_when_a_body_stops) {
  const int socket = world.connect();
  world.say(socket, without_last(1, put("/new", "12345")));
  world.pass(29'000);
  EXPECT_EQ(world.heard(socket), "");
  world.pass(1200);
  EXPECT_TRUE(world.heard(socket).starts_with("HTTP/1.1 408 ")) << world.heard(socket);
  EXPECT_FALSE(world.root.has("new"));
}

TEST_P(Put, drops_a_body_that_only_trickles) {
  const int socket = world.connect();
  world.say(socket, put("/new", std::string(10'000, 'x')).substr(0, 100));
  for (int second = 0; second < 40 && world.heard(socket).empty(); ++second) {
    world.pass(1000);
    world.say(socket, "x");
  }
  EXPECT_TRUE(world.heard(socket).starts_with("HTTP/1.1 408 "));
  EXPECT_FALSE(world.root.has("new"));
}

TEST_P(Put, waits_for_a_body_that_is_slow_but_steady) {
  const int socket = world.connect();
  const std::string bytes = put("/new", pattern(30'000));
  for (std::size_t at = 0; at < bytes.size(); at += 300) {
    world.say(socket, std::string_view(bytes).substr(at, 300));
    world.pass(1000);
  }
  EXPECT_EQ(world.heard(socket), created("new"));
}

// Neither a slow write nor a deadline that passes with the last bytes fails an upload.
TEST_P(Put, blames_no_client_for_a_slow_disk) {
  const std::string bytes = put("/old.txt", "new");
  world.ask(bytes);
  const std::uint64_t count = world.engine.started();
  for (std::uint64_t at = 1; at <= count; ++at) {
    const std::uint64_t slow = world.engine.started() + at;
    world.engine.plan_fault(slow, {.delay = 3});
    const int socket = world.connect();
    world.say(socket, bytes.substr(0, bytes.size() - 1));
    world.engine.peer_sends(socket, bytes.substr(bytes.size() - 1));
    for (int i = 0; i < 30; ++i) {
      const bool starts = world.engine.started() == slow;
      world.loop.iterate(0);
      if (starts && i < 20) world.engine.advance_clock(31'000);
    }
    world.engine.peer_finishes(socket);
    world.settle();
    EXPECT_TRUE(world.heard(socket).starts_with("HTTP/1.1 204 ")) << at;
  }
}

}  // namespace
}  // namespace server

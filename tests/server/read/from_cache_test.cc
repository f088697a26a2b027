// The fast path of GET: its responses equal those of the general path byte for byte, and cost one
// send.
//
// Most tests compare two worlds with equal files: one with a file cache and one without. Tests of
// the cache itself are in file_cache_test.cc.
#include "apps/server/read/from_cache.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <ostream>
#include <random>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "apps/options/table.h"
#include "apps/options/values.h"
#include "apps/server/config/config.h"
#include "apps/server/config/option_table.h"
#include "apps/server/config/options.h"
#include "apps/server/files/file_system.h"
#include "tests/server/world.h"
#include "tests/server/writer.h"
#include "tests/support/eventually.h"
#include "tests/support/sanitizer.h"

namespace server {
namespace {

namespace fs = std::filesystem;
using lab::head_of;
using lab::pattern;
using lab::World;
using uring::OpCode;

// --- Equal responses ---

struct Row {
  std::string name;
  std::string request;
};

void put_files(const lab::Folder& root) {
  root.put("hello.txt", "hello\n");
  root.put("hello.txt.gz", "zipped");
  root.put("empty", "");
  root.put("folder/index.html", "<p>");
  root.put("bare/some.txt", "some");
  root.put("app.html", "<app>");
  root.put("404.html", "<none>");
  root.put(".hidden", "hidden");
  root.put("a b", "space");
  for (const std::size_t size : {16384U, 131072U}) {
    root.put(std::to_string(size), pattern(size));
    root.put(std::to_string(size + 1), pattern(size + 1));
  }
  root.put("300000", pattern(300'000));
  fs::create_symlink("hello.txt", root / "link.txt");
  fs::create_symlink("/etc/passwd", root / "outside");
}

void add_conditions(std::vector<Row>& rows) {
  const std::string tag(lab::old_tag);
  const std::string date(lab::old_date);
  const std::string fields[] = {
      "If-None-Match: " + tag,
      "If-None-Match: W/" + tag,
      "If-None-Match: \"x\"",
      "If-None-Match: *",
      "If-None-Match: \"x\", " + tag,
      "If-None-Match: \"x\"\r\nIf-None-Match: " + tag,
      "If-None-Match: " + tag + "\r\nIf-None-Match: \"x\"",
      "If-None-Match:",
      "If-None-Match: " + tag + "\r\nIf-Modified-Since: " + date,
      "If-None-Match: \"x\"\r\nIf-Modified-Since: " + date,
      "If-Modified-Since: " + date,
      "If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT",
      "If-Modified-Since: yesterday",
      "If-Match: " + tag,
      "If-Match: *",
      "If-Match: \"x\"",
      "If-Match: " + tag + "\r\nIf-None-Match: " + tag,
      "If-Match: \"x\"\r\nIf-None-Match: " + tag,
      "If-Unmodified-Since: " + date,
      "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT",
      "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\nIf-None-Match: " + tag,
      "Range: bytes=1-2",
      "Range: bytes=-2",
      "Range: bytes=3-",
      "Range: bytes=6-",
      "Range: bytes=0-5",
      "Range: bytes=1-2,4-5",
      "Range: bytes=2-1",
      "Range: lines=1-2",
      "Range: bytes=1-2\r\nIf-Range: " + tag,
      "Range: bytes=1-2\r\nIf-Range: \"x\"",
      "Range: bytes=1-2\r\nIf-Range: " + date,
      "Range: bytes=1-2\r\nIf-None-Match: " + tag,
      "If-Range: " + tag,
  };
  for (const std::string& field : fields) {
    for (const char* target : {"/hello.txt", "/none", "/folder/"}) {
      for (const char* method : {"GET", "HEAD"}) {
        rows.push_back({std::string(method) + " " + target + " " + field,
                        head_of(method, target, field + "\r\n")});
      }
    }
  }
}

// Ranges of a size that is sent without a copy, from memory and from a mapping, and ranges just
// below.
void add_large_parts(std::vector<Row>& rows) {
  for (const char* target : {"/131072", "/131073", "/300000"}) {
    for (const char* fields :
         {"Range: bytes=0-16382\r\n", "Range: bytes=0-16383\r\n", "Range: bytes=5000-21384\r\n",
          "Range: bytes=1-131071\r\n", "Range: bytes=-70000\r\n", "Range: bytes=50000-\r\n",
          "Range: bytes=50000-\r\nConnection: close\r\n", "Range: bytes=300000-\r\n",
          "Range: bytes=0-19999,40000-59999\r\n", "Range: bytes=0-19999,20000-59999\r\n",
          "Range: bytes=50000-\r\nIf-Range: \"x\"\r\n", "If-None-Match: \"x\"\r\n"}) {
      for (const char* method : {"GET", "HEAD"}) {
        rows.push_back(
            {std::string(method) + " " + target + " " + fields, head_of(method, target, fields)});
      }
    }
  }
}

std::vector<Row> make_rows() {
  std::vector<Row> rows;
  for (const char* target : {"/hello.txt",
                             "/empty",
                             "/16384",
                             "/16385",
                             "/131072",
                             "/131073",
                             "/300000",
                             "/folder/",
                             "/folder",
                             "/folder/index.html",
                             "/hello.txt/",
                             "/bare/",
                             "/none",
                             "/none/",
                             "/none/none",
                             "/app.html",
                             "/404.html",
                             "/.hidden",
                             "/%2ehidden",
                             "/a%20b",
                             "/%68ello.txt",
                             "/hello.txt?query",
                             "/none?query",
                             "/folder/?query",
                             "/./hello.txt",
                             "/../hello.txt",
                             "/folder/../hello.txt",
                             "//hello.txt",
                             "/link.txt",
                             "/outside",
                             "/hello.txt%00",
                             "/"}) {
    for (const char* method : {"GET", "HEAD", "OPTIONS", "POST", "DELETE"}) {
      rows.push_back({std::string(method) + " " + target, head_of(method, target)});
    }
  }
  for (const char* fields :
       {"Connection: close\r\n", "Connection: keep-alive\r\n", "X-Unknown: a\r\nAccept: */*\r\n",
        "Origin: https://a\r\n", "Origin: https://b\r\n", "Accept-Encoding: gzip\r\n",
        "Expect: 100-continue\r\n", "Expect: money\r\n", "Cache-Control: no-cache\r\n",
        "Content-Length: 0\r\n", "Host: b\r\n", "Upgrade: h2c\r\nConnection: upgrade\r\n"}) {
    for (const char* target : {"/hello.txt", "/none", "/131072"}) {
      rows.push_back({std::string(target) + " " + fields, head_of("GET", target, fields)});
      rows.push_back({std::string(target) + " HEAD " + fields, head_of("HEAD", target, fields)});
    }
  }
  for (const char* target : {"/hello.txt", "/none", "/300000"}) {
    const std::string name(target);
    rows.push_back({name + " absolute", head_of("GET", "http://a" + name)});
    rows.push_back({name + " 1.0", "GET " + name + " HTTP/1.0\r\n\r\n"});
    rows.push_back(
        {name + " 1.0, kept", "GET " + name + " HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"});
    rows.push_back({name + " without Host", "GET " + name + " HTTP/1.1\r\n\r\n"});
    rows.push_back({name + " with a body", head_of("GET", name, "Content-Length: 4\r\n") + "body"});
    rows.push_back({name + " with chunks", head_of("GET", name, "Transfer-Encoding: chunked\r\n") +
                                               "1\r\nx\r\n0\r\n\r\n"});
  }
  add_conditions(rows);
  add_large_parts(rows);
  return rows;
}

// `text` with the random boundary of multipart/byteranges replaced.
std::string without_boundary(std::string text) {
  const std::size_t at = text.find("boundary=");
  if (at == std::string::npos) return text;
  const std::string boundary = text.substr(at + 9, boundary_bytes);
  for (std::size_t i = 0; (i = text.find(boundary, i)) != std::string::npos;) {
    text.replace(i, boundary.size(), "BOUNDARY");
  }
  return text;
}

std::string answer(World& world, const Row& row) {
  return without_boundary(world.ask(row.request));
}

struct Setting {
  std::string name;
  std::function<void(Site& site)> apply;
  std::uint64_t cache_bytes = lab::default_cache_bytes;
};
std::ostream& operator<<(std::ostream& out, const Setting& setting) { return out << setting.name; }

const std::vector<Setting> special_settings = {
    {"by_default", [](Site&) {}},
    {"with_a_fallback", [](Site& site) { site.fallback = "app.html"; }},
    {"with_a_fallback_that_is_not_there", [](Site& site) { site.fallback = "gone.html"; }},
    {"with_a_page_for_nothing", [](Site& site) { site.not_found = "hello.txt"; }},
    {"with_a_page_for_nothing_that_is_not_there", [](Site& site) { site.not_found = "gone.html"; }},
    {"with_an_origin",
     [](Site& site) {
       EXPECT_EQ(add_header("X-Extra: yes", site.extra_fields), "");
       EXPECT_EQ(add_origin("https://a", site.extra_fields), "");
     }},
    {"with_any_origin", [](Site& site) { EXPECT_EQ(add_origin("*", site.extra_fields), ""); }},
    {"with_dot_files", [](Site& site) { site.dot_files = true; }},
    {"without_listings", [](Site& site) { site.listing = false; }},
    {"with_two_indexes",
     [](Site& site) {
       site.index = {"index.htm", "index.html"};
     }},
    {"with_siblings", [](Site& site) { site.precompressed = true; }},
    {"with_a_small_cache", [](Site&) {}, 20'000},
    {"writable", [](Site& site) { site.writable = true; }},
};

// The values of an option that are worth a comparison: each choice, or the example of the table.
std::vector<std::string> values_of(const options::Option& option) {
  std::vector<std::string> values;
  for (const std::string_view choice : options::choices_of(option)) values.emplace_back(choice);
  if (values.empty())
    values.emplace_back(option.kind == options::Kind::flag ? "true" : option.example);
  return values;
}

// The Site of a server that is started with that option.
Site site_with(const options::Option& option, const std::string& value) {
  options::Values values(program);
  const options::ExitReason error = values.set(option, {value}, {});
  EXPECT_FALSE(error) << error.text;
  Config config;
  const options::ExitReason reason = make_config(values, config);
  EXPECT_FALSE(reason) << reason.text;
  return config.site;
}

// The special ones above, and one for each value of each option of the table (under a sanitizer, of
// every n-th value): an option is compared from the day on which it is in the table.
std::vector<Setting> all_settings() {
  std::vector<Setting> all = special_settings;
  std::size_t values = 0;
  for (const options::Option& option : program.options) {
    if (!option.in_file || option.is_operand) continue;
    for (const std::string& value : values_of(option)) {
      if (values++ % test_support::sample_interval != 0) continue;
      std::string name = "option_" + std::string(option.name) + "_" + value;
      std::replace_if(
          name.begin(), name.end(), [](unsigned char c) { return !std::isalnum(c); }, '_');
      all.push_back({name, [&option, value](Site& site) { site = site_with(option, value); }});
    }
  }
  return all;
}

class EveryResponse : public ::testing::TestWithParam<Setting> {
 protected:
  EveryResponse() {
    for (World* world : {&cached, &uncached}) {
      put_files(world->root);
      GetParam().apply(world->site);
      // Equal times of the directories, which their listings show.
      for (const char* folder : {"bare", "folder", "."}) {
        const std::array<timespec, 2> times{{{1000, 0}, {1000, 0}}};
        EXPECT_EQ(::utimensat(world->root.fd(), folder, times.data(), 0), 0);
      }
    }
  }
  void TearDown() override {
    cached.end();
    uncached.end();
  }

  // Without DELETE where it is allowed: it would remove the files that are compared.
  std::vector<Row> rows() const {
    std::vector<Row> all = make_rows();
    if (cached.site.writable) {
      std::erase_if(all, [](const Row& row) { return row.name.starts_with("DELETE"); });
    }
    return all;
  }

  const lab::FoldersInMemory in_memory;  // before both worlds
  World cached{GetParam().cache_bytes};
  World uncached{0};
};

TEST_P(EveryResponse, is_equal_however_often_it_is_requested) {
  for (const Row& row : rows()) {
    const std::string expected = answer(uncached, row);
    ASSERT_FALSE(expected.empty()) << row.name;
    for (int times = 1; times <= 4; ++times) {
      ASSERT_EQ(answer(cached, row), expected) << row.name << ", time " << times;
    }
  }
}

TEST_P(EveryResponse, is_equal_on_a_connection_that_stays_open) {
  for (const Row& row : rows()) {
    const std::string bytes = row.request + row.request + head_of("GET", "/hello.txt");
    const int one = cached.connect();
    const int other = uncached.connect();
    cached.say(one, bytes);
    cached.say(one, bytes);
    uncached.say(other, bytes);
    uncached.say(other, bytes);
    // Each multipart response has its own random boundary; another test compares them.
    if (uncached.heard(other).find("boundary=") == std::string::npos) {
      ASSERT_EQ(cached.heard(one), uncached.heard(other)) << row.name;
    }
    ASSERT_EQ(cached.engine.closed(one), uncached.engine.closed(other)) << row.name;
    cached.engine.peer_finishes(one);
    uncached.engine.peer_finishes(other);
    cached.settle();
    uncached.settle();
  }
}

// The state that one request leaves in the cache (a head, a recorded target) is right for all
// others.
TEST_P(EveryResponse, is_equal_whatever_was_requested_before) {
  const std::vector<Row> all = rows();
  std::vector<std::string> expected(all.size());
  std::minstd_rand random(1);
  for (int i = 0; i < 1500; ++i) {
    const std::size_t at = random() % all.size();
    if (expected[at].empty()) expected[at] = answer(uncached, all[at]);
    ASSERT_EQ(answer(cached, all[at]), expected[at]) << all[at].name << ", step " << i;
    if (i % 50 != 0) continue;
    // Invalidates the entries, so that another request fills them first.
    for (const char* name : {"hello.txt", "app.html", "404.html", "folder/index.html", "300000"}) {
      cached.root.put(name, cached.root.get(name));
    }
  }
  // Without accounts, every request of a Site that needs a name is refused before a look-up.
  if (cached.site.has_accounts || cached.site.has_certificates) return;
  EXPECT_GT(cached.worker.files.counters().hits, 0U);
}

INSTANTIATE_TEST_SUITE_P(Each, EveryResponse, ::testing::ValuesIn(all_settings()),
                         [](const auto& row) { return row.param.name; });

// --- The cost ---

class FastPath : public lab::InWorld {
 protected:
  FastPath() { put_files(world.root); }
  void SetUp() override {
    if (!is_local(world.root.fd())) GTEST_SKIP() << "this file system is not cached";
  }

  // The operations that the engine starts for `bytes` when the cache is filled.
  std::vector<OpCode> operations_for(std::string_view bytes) {
    const int socket = world.connect();
    for (int i = 0; i < 3; ++i) world.say(socket, bytes);
    const std::uint64_t before = world.engine.started();
    world.say(socket, bytes);
    std::vector<OpCode> all;
    for (std::uint64_t i = before + 1; i <= world.engine.started(); ++i) {
      all.push_back(world.engine.code_of(i));
    }
    world.engine.peer_finishes(socket);
    return all;
  }

  std::string status(std::string_view bytes) { return world.ask(bytes).substr(9, 3); }
};

TEST_F(FastPath, sends_a_cached_response_with_one_send) {
  const std::vector<OpCode> one_send = {OpCode::send};
  const std::string tag = "If-None-Match: " + std::string(lab::old_tag) + "\r\n";
  const std::string none_match = "If-None-Match: \"x\"\r\n";
  for (const std::string& request :
       {head_of("GET", "/hello.txt"), head_of("HEAD", "/hello.txt"), head_of("GET", "/folder/"),
        head_of("GET", "/hello.txt", tag), head_of("GET", "/hello.txt", none_match),
        head_of("GET", "/hello.txt", "Range: bytes=1-2\r\n"), head_of("GET", "/none"),
        head_of("GET", "/16384"), head_of("GET", "/16385"), head_of("GET", "/empty"),
        head_of("HEAD", "/300000"), head_of("GET", "/131072", "Range: bytes=100000-100010\r\n")}) {
    EXPECT_EQ(operations_for(request), one_send) << request;
  }
  const std::vector<OpCode> one_send_of_pages = {OpCode::send_pages};
  for (const char* target : {"/131072", "/131073", "/300000"}) {
    EXPECT_EQ(operations_for(head_of("GET", target)), one_send_of_pages) << target;
  }
  for (const char* target : {"/131072", "/300000"}) {
    const std::string part = head_of("GET", target, "Range: bytes=10000-80000\r\n");
    EXPECT_EQ(operations_for(part), one_send_of_pages) << target;
    const std::vector<OpCode> two_sends(2, OpCode::send_pages);
    EXPECT_EQ(operations_for(head_of("GET", "/hello.txt") + part + part), two_sends) << target;
  }
}

TEST_F(FastPath, sends_sixteen_pipelined_responses_with_one_send) {
  std::string sixteen;
  for (const char* target : {"/hello.txt", "/none", "/folder/", "/empty"}) {
    for (int i = 0; i < 4; ++i) sixteen += head_of(i == 1 ? "HEAD" : "GET", target);
  }
  EXPECT_EQ(operations_for(sixteen), std::vector<OpCode>{OpCode::send});
}

// A mapped file whose pages are not in the page cache is read by the ring, which may wait.
TEST_F(FastPath, is_not_taken_by_a_file_that_is_not_in_the_page_cache) {
  const uring::Fd file(::open((world.root / "300000").c_str(), O_RDONLY | O_CLOEXEC));
  if (is_in_memory(file.get())) GTEST_SKIP() << "it lies in memory";
  ASSERT_EQ(::fsync(file.get()), 0);
  ASSERT_EQ(::posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED), 0);
  const std::string answer = world.ask(head_of("GET", "/300000"));
  EXPECT_TRUE(answer.ends_with("\r\n\r\n" + pattern(300'000)));
  EXPECT_GT(world.engine.started(OpCode::read), 0U);
}

// --- Freshness ---

TEST_F(FastPath, sees_changes_between_two_requests) {
  const int socket = world.connect();
  const auto body = [&](const char* target) {
    const std::size_t before = world.heard(socket).size();
    const std::string text = world.say(socket, head_of("GET", target)).substr(before);
    return text.substr(9, 3) + " " + text.substr(text.find("\r\n\r\n") + 4);
  };
  for (int i = 0; i < 8; ++i) {
    const std::string text = std::to_string(i);
    world.root.put("hello.txt", text);
    EXPECT_EQ(body("/hello.txt"), "200 " + text);
    EXPECT_EQ(body("/hello.txt"), "200 " + text);
    world.root.put("spare", "replaced " + text);
    fs::rename(world.root / "spare", world.root / "hello.txt");
    EXPECT_EQ(body("/hello.txt"), "200 replaced " + text);
    fs::remove(world.root / "hello.txt");
    EXPECT_EQ(body("/hello.txt"), "404 <none>");
    EXPECT_EQ(body("/hello.txt"), "404 <none>");
    world.root.put("404.html", "<none " + text + ">");
    EXPECT_EQ(body("/hello.txt"), "404 <none " + text + ">");
    fs::remove(world.root / "404.html");
    EXPECT_EQ(body("/hello.txt"), "404 404 Not Found: there is nothing of this name\n");
    world.root.put("404.html", "<none>");
    world.root.put("folder/index.html", text);
    EXPECT_EQ(body("/folder/"), "200 " + text);
    fs::rename(world.root / "folder", world.root / "away");
    EXPECT_EQ(body("/folder/"), "404 <none>");
    fs::rename(world.root / "away", world.root / "folder");
    EXPECT_EQ(body("/folder/"), "200 " + text);
    fs::remove(world.root / "folder/index.html");
    EXPECT_TRUE(body("/folder/").starts_with("200 <!doctype html>"));
    world.root.put("300000", text);
    EXPECT_EQ(body("/300000"), "200 " + text);
    world.root.put("300000", text + pattern(300'000));
    EXPECT_EQ(body("/300000"), "200 " + text + pattern(300'000));
  }
  world.engine.peer_finishes(socket);
}

TEST_F(FastPath, sees_an_upload_in_the_next_request_of_every_connection) {
  world.site.writable = true;
  const int writer = world.connect();
  const int reader = world.connect();
  const std::string get = head_of("GET", "/hello.txt");
  for (int i = 0; i < 20; ++i) {
    const std::string content = "content " + std::to_string(i);
    world.say(reader, get);
    world.say(writer, get);
    const std::string written = world.say(writer, lab::put("/hello.txt", content) + get);
    EXPECT_TRUE(written.ends_with("\r\n\r\n" + content)) << i;
    EXPECT_TRUE(world.say(reader, get).ends_with("\r\n\r\n" + content)) << i;
    world.say(writer, head_of("DELETE", "/hello.txt"));
    EXPECT_TRUE(world.say(reader, get).ends_with("<none>")) << i;
    EXPECT_TRUE(world.say(writer, get).ends_with("<none>")) << i;
  }
  world.engine.peer_finishes(writer);
  world.engine.peer_finishes(reader);
}

// A new content of equal size and time, as Nix and OSTree make it, is not taken for the old one.
TEST_F(FastPath, sends_no_validators_for_times_of_0_and_1) {
  for (const std::int64_t seconds : {0, 1}) {
    world.root.put("fixed", "first", seconds);
    const std::string tag = seconds == 0 ? "\"0-5\"" : "\"3b9aca00-5\"";
    for (int i = 0; i < 4; ++i) {
      const std::string text = world.ask(head_of("GET", "/fixed"));
      EXPECT_TRUE(text.ends_with("\r\n\r\nfirst")) << text;
      EXPECT_EQ(text.find("ETag"), std::string::npos) << text;
      EXPECT_EQ(text.find("Last-Modified"), std::string::npos) << text;
      for (const std::string& field : {"If-None-Match: " + tag, std::string("If-None-Match:"),
                                       "If-Modified-Since: " + std::string(lab::old_date)}) {
        EXPECT_EQ(status(head_of("GET", "/fixed", field + "\r\n")), "200") << field;
      }
    }
    world.root.put("fixed", "other", seconds);
    const std::string text = world.ask(head_of("GET", "/fixed", "If-None-Match: " + tag + "\r\n"));
    EXPECT_TRUE(text.ends_with("\r\n\r\nother")) << text;
  }
}

// The value of a field in the last response of a stream.
std::string last_value(std::string_view stream, std::string_view name) {
  const std::string field = "\r\n" + std::string(name) + ": ";
  const std::size_t at = stream.rfind(field) + field.size();
  return std::string(stream.substr(at, stream.find('\r', at) - at));
}

// The exact time: time(2) is up to a timer tick behind.
std::int64_t exact_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_REALTIME, &time);
  return time.tv_sec;
}

// The Date is changed in place, but not while another connection sends from that memory.
TEST_F(FastPath, updates_Date_in_a_cached_head) {
  const std::string request = head_of("GET", "/hello.txt");
  for (int i = 0; i < 3; ++i) world.ask(request);
  CachedFile* const file = world.worker.files.find("hello.txt");
  ASSERT_TRUE(file && file->head_200.begin);
  CachedHead& head = file->head_200;
  char* const date = head.begin + head.date_offset;
  const std::string_view old_date = "Sun, 06 Nov 1994 08:49:37 GMT";
  for (const bool is_being_sent : {true, false}) {
    old_date.copy(date, old_date.size());
    head.seconds = 784111777;
    if (is_being_sent) FileCache::pin(*file);
    const std::string heard = world.ask(request);
    const std::string stale = "\r\nDate: " + std::string(old_date);
    EXPECT_EQ(heard.find(stale), std::string::npos) << heard;
    EXPECT_NE(heard.find("\r\n\r\nhello\n"), std::string::npos) << heard;
    EXPECT_EQ(std::string_view(date, old_date.size()) == old_date, is_being_sent);
    if (is_being_sent) world.worker.files.unpin(*file);
  }
}

// RFC 9110 section 8.8.2.1: for a file of the future, Last-Modified is the time of the response.
TEST_F(FastPath, updates_a_Last_Modified_that_is_in_the_future) {
  const std::int64_t future = ::time(nullptr) + 2;
  world.root.put("future", "f", future);
  const int socket = world.connect();
  const auto last_date = [&](const char* target, const char* name) {
    world.say(socket, head_of("GET", target));
    return http1::parse_date(last_value(world.engine.peer_received(socket), name), future);
  };
  std::size_t moves = 0;
  std::int64_t date_before = 0;
  const bool passed = test_support::eventually([&] {
    const std::int64_t earliest = exact_seconds();
    const auto modified = last_date("/future", "Last-Modified");
    const auto date = http1::parse_date(last_value(world.engine.peer_received(socket), "Date"), 0);
    EXPECT_TRUE(modified && date);
    if (!modified || !date) return true;
    EXPECT_EQ(*modified, std::min(*date, future));
    EXPECT_GE(*date, earliest);
    EXPECT_LE(*date, exact_seconds());
    EXPECT_EQ(last_date("/hello.txt", "Last-Modified"), lab::old_seconds);
    moves += std::exchange(date_before, *date) != *date ? 1U : 0U;
    return *date > future;
  });
  EXPECT_TRUE(passed);
  EXPECT_GE(moves, 3U);
  world.engine.peer_finishes(socket);
}

// --- Connections and logs ---

// Two worlds to which each test does the same things.
class BothPaths : public ::testing::Test {
 protected:
  BothPaths() {
    put_files(cached.root);
    put_files(uncached.root);
  }
  void TearDown() override {
    cached.end();
    uncached.end();
  }
  World cached;
  World uncached{0};
};

TEST_F(BothPaths, respond_equally_when_the_server_stops) {
  std::vector<std::string> heard;
  for (World* world : {&cached, &uncached}) {
    const std::string get = head_of("GET", "/hello.txt");
    for (int i = 0; i < 3; ++i) world->ask(get);
    const int socket = world->connect();
    world->say(socket, get + get.substr(0, 10));
    world->worker.drain();
    heard.push_back(world->say(socket, get.substr(10) + get));
    EXPECT_NE(heard.back().find("Connection: close\r\n"), std::string::npos);
    world->engine.peer_finishes(socket);
  }
  EXPECT_EQ(heard[0], heard[1]);
}

TEST_F(BothPaths, count_the_requests_of_a_connection) {
  std::vector<std::string> heard;
  for (World* world : {&cached, &uncached}) {
    world->site.max_requests = 3;
    std::string bytes;
    for (int i = 0; i < 5; ++i) bytes += head_of("GET", "/hello.txt");
    world->ask(bytes);
    heard.push_back(world->ask(bytes));
    EXPECT_EQ(lab::statuses_of(heard.back()), (std::vector<int>{200, 200, 200}));
  }
  EXPECT_EQ(heard[0], heard[1]);
}

// A log without its times, which are between brackets or in the Date of a head.
std::string without_times(const std::string& log) {
  std::string plain;
  bool inside = false;
  for (const char c : log) {
    if (c == ']') inside = false;
    if (!inside) plain += c;
    if (c == '[') inside = true;
  }
  for (std::size_t at = 0; (at = plain.find("< Date: ", at)) != std::string::npos; at += 8) {
    plain.erase(at + 8, http1::date_size);
  }
  return plain;
}

TEST_F(BothPaths, log_equal_lines) {
  std::vector<std::string> logs;
  for (World* world : {&cached, &uncached}) {
    lab::Folder folder;
    AccessLog access((folder / "access").string(), LogFormat::combined);
    ASSERT_EQ(access.open(), 0);
    world->shared.access_log = &access;
    world->generation->logs_requests = true;
    for (const char* target : {"/hello.txt", "/none", "/folder/", "/131072", "/300000", "/empty"}) {
      const std::string fields = "Referer: http://a/\r\nUser-Agent: test " + std::string(target) +
                                 "\r\nIf-None-Match: \"x\"\r\n";
      std::string bytes;
      for (int i = 0; i < 3; ++i) {
        bytes += head_of("GET", target) + head_of("HEAD", target, fields) +
                 head_of("GET", target, "If-None-Match: *\r\n") + head_of("GET", target, fields) +
                 head_of("GET", target, "Range: bytes=1-70000\r\n");
      }
      world->ask(bytes);
    }
    // And responses that the client does not read.
    for (const char* target : {"/hello.txt", "/131072", "/300000"}) {
      const int socket = world->connect();
      world->engine.peer_takes(socket, 10U);
      world->say(socket, head_of("GET", target));
      world->engine.peer_resets(socket);
      world->settle();
    }
    access.stop();
    world->generation->logs_requests = false;
    logs.push_back(without_times(folder.get("access")));
  }
  EXPECT_EQ(std::count(logs[1].begin(), logs[1].end(), '\n'), 6 * 15 + 3);
  EXPECT_EQ(logs[0], logs[1]);
}

TEST_F(BothPaths, log_equal_heads) {
  std::vector<std::string> logs;
  for (World* world : {&cached, &uncached}) {
    lab::Folder folder;
    AccessLog heads((folder / "heads").string(), LogFormat::combined);
    ASSERT_EQ(heads.open(), 0);
    const std::string bytes = head_of("GET", "/hello.txt") + head_of("HEAD", "/none");
    for (int i = 0; i < 3; ++i) world->ask(bytes);  // cached before the log is on
    world->shared.head_log = &heads;
    world->generation->logs_heads = true;
    for (int i = 0; i < 3; ++i) world->ask(bytes);
    heads.stop();
    world->generation->logs_heads = false;
    logs.push_back(without_times(folder.get("heads")));
  }
  EXPECT_NE(logs[1].find("> HEAD /none HTTP/1.1\n"), std::string::npos);
  EXPECT_EQ(logs[0], logs[1]);
}

// More requests than one send can answer, and a client that reads slowly.
TEST_F(BothPaths, respond_equally_to_floods_and_slow_readers) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    const char* const target = i % 7 == 0    ? "/16384"
                               : i % 11 == 0 ? "/131072"
                               : i % 13 == 0 ? "/300000"
                                             : "/hello.txt";
    bytes += head_of("GET", target, i % 5 == 0 ? "Range: bytes=3-99999\r\n" : "");
  }
  std::vector<std::string> heard;
  for (World* world : {&cached, &uncached}) {
    world->ask(bytes);
    const int socket = world->connect();
    world->engine.peer_takes(socket, 0);
    world->engine.peer_sends(socket, bytes);
    world->engine.peer_finishes(socket);
    for (int i = 0; i < 10'000 && !world->engine.closed(socket); ++i) {
      world->engine.peer_takes(socket, 7777);
      world->settle();
    }
    heard.push_back(world->heard(socket));
  }
  EXPECT_EQ(heard[0].size(), heard[1].size());
  EXPECT_TRUE(heard[0] == heard[1]);
}

// A response in progress keeps the version of the file that it began with.
TEST_F(FastPath, sends_the_whole_old_file_when_it_is_replaced_meanwhile) {
  for (const char* name : {"16385", "131072", "300000"}) {
    const std::string content = world.root.get(name);
    const std::string get = head_of("GET", "/" + std::string(name));
    world.ask(get);
    const int socket = world.connect();
    world.engine.peer_takes(socket, 5000);
    world.say(socket, get);
    world.root.put("spare", "the new one");
    fs::rename(world.root / "spare", world.root / name);
    EXPECT_TRUE(world.ask(get).ends_with("\r\n\r\nthe new one"));
    world.engine.peer_takes(socket, SIZE_MAX);
    world.settle();
    EXPECT_TRUE(world.heard(socket).ends_with("\r\n\r\n" + content)) << name;
    world.engine.peer_finishes(socket);
  }
}

// World::end() fails if a file is still pinned.
TEST_F(FastPath, unpins_a_file_when_its_client_disconnects) {
  for (const char* target : {"/131072", "/300000"}) {
    const std::string get = head_of("GET", target, "Range: bytes=10000-80000\r\n");
    for (int i = 0; i < 3; ++i) world.ask(get);
    for (const bool resets : {true, false}) {
      const int socket = world.connect();
      world.engine.peer_takes(socket, 20'000);
      world.say(socket, get + get);
      if (resets)
        world.engine.peer_resets(socket);
      else
        world.worker.connections.stop();
      world.settle();
      EXPECT_TRUE(world.engine.closed(socket)) << target << (resets ? " reset" : " stopped");
    }
  }
}

// The mapping has lost its pages: that response ends early, and no other is affected.
TEST_F(FastPath, ends_the_response_early_when_its_file_is_truncated) {
  const std::string get = head_of("GET", "/300000", "Range: bytes=100000-199999\r\n");
  for (int i = 0; i < 3; ++i) world.ask(get);
  const int cut = world.connect();
  const int other = world.connect();
  world.engine.peer_takes(cut, 1000);
  world.say(cut, get);
  fs::resize_file(world.root / "300000", 1000);
  world.engine.peer_takes(cut, SIZE_MAX);
  world.settle();
  EXPECT_TRUE(world.engine.closed(cut));
  EXPECT_LT(world.heard(cut).size(), 100'000U);
  EXPECT_EQ(world.say(other, get).substr(9, 3), "416");
  world.engine.peer_finishes(other);
}

}  // namespace
}  // namespace server

// A change on disk is seen by every request that starts after it, on every worker; and a change
// while an answer leaves breaks that answer at most.
#include <array>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/site.h"

namespace {

namespace fs = std::filesystem;
using test_support::Ending;
using test_support::get;
using test_support::noise;
using test_support::put;
using test_support::RawClient;
using test_support::request;
using test_support::Response;
using test_support::Site;

// So many that both workers have some: the kernel spreads them by their ports.
std::vector<RawClient> connect_many(const Site& site) {
  std::vector<RawClient> all;
  all.reserve(8);
  for (int i = 0; i < 8; ++i) all.push_back(site.connect());
  return all;
}

// What a request of each of them gets, all at work at once; they must agree.
std::string seen_by(std::vector<RawClient>& clients, std::string_view target) {
  for (RawClient& client : clients) EXPECT_TRUE(client.send(get(target)));
  std::string first;
  for (RawClient& client : clients) {
    const Response response = client.read_response();
    EXPECT_TRUE(response.whole) << response.head;
    const std::string seen = std::to_string(response.status) + " " + response.body;
    if (&client == &clients.front()) first = seen;
    EXPECT_EQ(seen, first);
  }
  return first;
}

// How this process changes a file between two requests; each time to other bytes.
struct Writer {
  const char* name;
  void (*write)(const std::string& path, const std::string& bytes);
};

void write_all(int fd, const std::string& bytes) {
  EXPECT_EQ(::pwrite(fd, bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
}

const Writer writers[] = {
    {"writes_anew",
     [](const std::string& path, const std::string& bytes) {
       const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
       write_all(fd, bytes);
       ::close(fd);
     }},
    {"writes_in_place",
     [](const std::string& path, const std::string& bytes) {
       const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
       write_all(fd, bytes);
       EXPECT_EQ(::ftruncate(fd, static_cast<off_t>(bytes.size())), 0);
       ::close(fd);
     }},
    {"renames",
     [](const std::string& path, const std::string& bytes) {
       const std::string spare = path + ".spare";
       const int fd = ::open(spare.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
       write_all(fd, bytes);
       ::close(fd);
       fs::rename(spare, path);
     }},
    {"removes_and_links",
     [](const std::string& path, const std::string& bytes) {
       const std::string spare = path + ".spare";
       ::unlink(spare.c_str());
       const int fd = ::open(spare.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
       write_all(fd, bytes);
       ::close(fd);
       ::unlink(path.c_str());
       fs::create_hard_link(spare, path);
     }},
    {"exchanges_the_folder",
     [](const std::string& path, const std::string& bytes) {
       const fs::path folder = fs::path(path).parent_path();
       const fs::path spare = folder.string() + ".spare";
       fs::remove_all(spare);
       fs::create_directory(spare);
       const std::string inner = spare / fs::path(path).filename();
       const int fd = ::open(inner.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
       write_all(fd, bytes);
       ::close(fd);
       EXPECT_EQ(::renameat2(AT_FDCWD, spare.c_str(), AT_FDCWD, folder.c_str(), RENAME_EXCHANGE),
                 0);
     }},
};

class Fresh : public ::testing::TestWithParam<Writer> {};

// Some bytes fit a send, some a copy in memory, some are mapped.
TEST_P(Fresh, IsEveryAnswerAfterAChange) {
  Site site;
  site.root.write("sub/file", "first");
  std::vector<RawClient> clients = connect_many(site);
  EXPECT_EQ(seen_by(clients, "/sub/file"), "200 first");
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const std::size_t size = i % 20 == 7 ? 200'000 : i % 20 == 13 ? 30'000 : 20;
    const std::string bytes = noise(size, i + 1);
    GetParam().write(site.root.path("sub/file"), bytes);
    const std::string seen = seen_by(clients, "/sub/file");
    ASSERT_TRUE(seen == "200 " + bytes) << "change " << i << ": " << seen.substr(0, 100);
    if (i % 3 == 0) {
      ASSERT_TRUE(seen_by(clients, "/sub/file") == seen) << "and again after change " << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Each, Fresh, ::testing::ValuesIn(writers),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Fresh, IsTheKnowledgeThatNothingIsThere) {
  Site site;
  site.root.make_directory("sub");
  std::vector<RawClient> clients = connect_many(site);
  for (int i = 0; i < 200; ++i) {
    EXPECT_TRUE(seen_by(clients, "/sub/file").starts_with("404 "));
    site.root.write("sub/file", "there");
    ASSERT_EQ(seen_by(clients, "/sub/file"), "200 there") << i;
    if (i % 2 == 0)
      site.root.remove("sub/file");
    else
      fs::rename(site.root.path("sub/file"), site.root.path("sub/away"));
  }
}

TEST(Fresh, IsEveryAnswerAfterAnUpload) {
  Site site({"--writable"});
  std::vector<RawClient> clients = connect_many(site);
  RawClient writer = site.connect();
  for (std::uint64_t i = 0; i < 300; ++i) {
    const std::string bytes = noise(i % 10 == 3 ? 150'000 : 100, i + 1);
    const int status = writer.ask(put("/file", bytes)).status;
    ASSERT_EQ(status, i == 0 ? 201 : 204);
    ASSERT_TRUE(seen_by(clients, "/file") == "200 " + bytes) << i;
  }
  EXPECT_EQ(writer.ask(request("DELETE", "/file")).status, 204);
  EXPECT_TRUE(seen_by(clients, "/file").starts_with("404 "));
}

// A link is compared whenever it is asked for, as soon as what it leads to is old enough.
TEST(Fresh, IsWhatALinkLeadsTo) {
  Site site;
  site.root.write("one", "one");
  site.root.write("two", "two");
  std::vector<RawClient> clients = connect_many(site);
  for (int i = 0; i < 100; ++i) {
    const std::string name = i % 2 == 0 ? "one" : "two";
    site.root.make_link("spare", name);
    fs::rename(site.root.path("spare"), site.root.path("link"));
    ASSERT_EQ(seen_by(clients, "/link"), "200 " + name) << i;
    site.root.write(name, name + "!");
    ASSERT_EQ(seen_by(clients, "/link"), "200 " + name + "!") << i;
    site.root.write(name, name);
  }
}

// As little as the operator likes; with nothing remembered every request looks.
TEST(Fresh, IsEveryAnswerHoweverMuchIsRemembered) {
  for (const char* bytes : {"0", "1", "64K"}) {
    Site site({"--cache", bytes});
    std::vector<RawClient> clients = connect_many(site);
    for (std::uint64_t i = 0; i < 100; ++i) {
      const std::string content = noise(i % 10 == 3 ? 150'000 : i % 10 == 5 ? 9'000 : 100, i + 1);
      site.root.write("file", content);
      for (int times = 0; times < 2; ++times) {
        ASSERT_TRUE(seen_by(clients, "/file") == "200 " + content) << bytes << ", change " << i;
      }
      EXPECT_TRUE(seen_by(clients, "/none").starts_with("404 "));
    }
  }
}

// --- While an answer leaves ---

constexpr std::size_t big = 48 * 1024 * 1024;  // more than sockets hold

// The first bytes of an answer to a reader who then waits.
struct SlowReader {
  explicit SlowReader(const Site& site) : client(site.connect()) {
    EXPECT_TRUE(client.send(get("/big")));
    begin = client.read_bytes(100'000);
  }
  // The body as far as it came, from here on at full speed.
  std::string rest() {
    const std::string all = begin + client.read_to_end();
    return all.substr(all.find("\r\n\r\n") + 4);
  }
  RawClient client;
  std::string begin;
};

// Whether `body` is the beginning of a file that was truncated to `left` bytes while it was sent.
// The kernel fills the rest of the folio (one page or many) in which the file then ends with zeros,
// also where that folio is already on its way.
bool is_beginning(std::string body, const std::string& content, std::size_t left) {
  for (std::size_t i = left; i < body.size(); ++i) {
    if (body[i] == 0) body[i] = content[i];
  }
  return content.starts_with(body);
}

TEST(AnAnswerThatLeaves, EndsShortWhenItsFileIsTruncated) {
  const std::string content = noise(big);
  for (const off_t left : {off_t{0}, off_t{200'000}}) {
    Site site;
    site.root.write("big", content);
    site.root.write("small", "small");
    for (int i = 0; i < 2; ++i) EXPECT_EQ(site.ask(get("/big")).body.size(), big);
    std::vector<RawClient> others = connect_many(site);
    EXPECT_EQ(seen_by(others, "/small"), "200 small");
    SlowReader one(site);
    SlowReader other(site);
    ASSERT_EQ(::truncate(site.root.path("big").c_str(), left), 0);
    for (SlowReader* reader : {&one, &other}) {
      const std::string body = reader->rest();
      EXPECT_LT(body.size(), big);
      EXPECT_TRUE(is_beginning(body, content, static_cast<std::size_t>(left)));
    }
    EXPECT_EQ(seen_by(others, "/small"), "200 small");
    EXPECT_EQ(seen_by(others, "/big"), "200 " + content.substr(0, static_cast<std::size_t>(left)));
    EXPECT_TRUE(site.process().running());
  }
}

TEST(AnAnswerThatLeaves, IsTheOldFileWholeWhenThatIsReplacedOrRemoved) {
  const std::string content = noise(big);
  Site site;
  site.root.write("big", content);
  EXPECT_EQ(site.ask(get("/big")).body.size(), big);
  SlowReader before_replaced(site);
  site.root.write("spare", "the new one");
  fs::rename(site.root.path("spare"), site.root.path("big"));
  std::vector<RawClient> others = connect_many(site);
  EXPECT_EQ(seen_by(others, "/big"), "200 the new one");
  before_replaced.client.finish_sending();
  EXPECT_TRUE(before_replaced.rest() == content);

  site.root.write("big", content);
  SlowReader before_removed(site);
  site.root.remove("big");
  EXPECT_TRUE(seen_by(others, "/big").starts_with("404 "));
  before_removed.client.finish_sending();
  EXPECT_TRUE(before_removed.rest() == content);
}

// Up to 128 KiB the server sends a copy. The reader has got none of it when the file changes, and
// another client makes the server cache the new content in its place.
TEST(AnAnswerThatLeaves, IsTheCachedFileWholeWhenThatIsWrittenMeanwhile) {
  Site site;
  for (std::uint64_t i = 0; i < 20; ++i) {
    const std::string content = noise(100'000, 2 * i + 1);
    const std::string after = noise(100'000, 2 * i + 2);
    site.root.write("file", content);
    for (int times = 0; times < 2; ++times) {
      EXPECT_TRUE(site.ask(get("/file")).body == content);
    }
    std::vector<RawClient> readers = connect_many(site);
    for (RawClient& reader : readers) {
      EXPECT_TRUE(reader.send(get("/file")));
      EXPECT_TRUE(reader.has_bytes(30'000));
    }
    const int fd = ::open(site.root.path("file").c_str(), O_WRONLY | O_CLOEXEC);
    write_all(fd, after);
    ::close(fd);
    for (int times = 0; times < 3; ++times) EXPECT_TRUE(site.ask(get("/file")).body == after);
    for (RawClient& reader : readers) EXPECT_TRUE(reader.read_response().body == content);
  }
}

// A body is sent in other ways from certain sizes on; each reader has a speed of its own.
TEST(AnAnswerThatLeaves, IsWholeWhateverItsSizeIsAndHoweverItIsRead) {
  Site site;
  for (const std::size_t size :
       {32'767U, 32'768U, 131'072U, 131'073U, 1'048'576U, 1'048'577U, 3'500'001U}) {
    const std::string content = noise(size, size);
    site.root.write("file", content);
    for (int times = 0; times < 2; ++times) EXPECT_TRUE(site.ask(get("/file")).body == content);
    std::vector<RawClient> readers = connect_many(site);
    for (RawClient& reader : readers) {
      EXPECT_TRUE(reader.send(get("/file") + get("/file", {"Range: bytes=1001-"})));
    }
    std::vector<std::string> begins;
    for (std::size_t i = 0; i < readers.size(); ++i) {
      begins.push_back(readers[i].read_bytes(i * 10'000 % size));
      readers[i].finish_sending();
    }
    for (std::size_t i = 0; i < readers.size(); ++i) {
      const std::string all = begins[i] + readers[i].read_to_end();
      const std::size_t body = all.find("\r\n\r\n") + 4;
      EXPECT_TRUE(all.substr(body, size) == content) << size;
      EXPECT_TRUE(all.ends_with(content.substr(1001))) << size;
    }
  }
}

// What the page cache has lost comes from the disk.
TEST(AnAnswerThatLeaves, IsReadWhereThePageCacheHasItNot) {
  const std::string content = noise(3'000'000);
  Site site;
  site.root.write("cold", content);
  RawClient client = site.connect();
  for (int i = 0; i < 5; ++i) {
    const int fd = ::open(site.root.path("cold").c_str(), O_RDONLY | O_CLOEXEC);
    EXPECT_EQ(::fsync(fd), 0);
    EXPECT_EQ(::posix_fadvise(fd, i % 2 == 0 ? 0 : 1'000'000, 0, POSIX_FADV_DONTNEED), 0);
    ::close(fd);
    for (int times = 0; times < 2; ++times) {
      EXPECT_TRUE(client.ask(get("/cold")).body == content);
      const Response part = client.ask(get("/cold", {"Range: bytes=1000000-1999999"}));
      EXPECT_EQ(part.status, 206);
      EXPECT_TRUE(part.body == content.substr(1'000'000, 1'000'000));
    }
  }
}

}  // namespace

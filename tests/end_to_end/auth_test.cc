// Passwords, tokens and rules, as clients meet them.
#include <array>
#include <crypt.h>
#include <set>
#include <signal.h>
#include <string>
#include <sys/stat.h>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/base64.h"
#include "tests/support/eventually.h"
#include "tests/support/site.h"

namespace {

using test_support::base64;
using test_support::eventually;
using test_support::get;
using test_support::put;
using test_support::RawClient;
using test_support::request;
using test_support::Response;
using test_support::run;
using test_support::Scratch;
using test_support::Site;

std::string basic(std::string_view user, std::string_view password) {
  return "Authorization: Basic " + base64(std::string(user).append(":").append(password));
}

std::string hash_of(const std::string& password, const char* prefix, unsigned long cost) {
  std::array<char, CRYPT_GENSALT_OUTPUT_SIZE> setting{};
  if (!::crypt_gensalt_rn(prefix, cost, nullptr, 0, setting.data(), setting.size())) return "";
  crypt_data data{};
  return ::crypt_r(password.c_str(), setting.data(), &data);
}

// Files of users and tokens: alice with the password "wonder land", bob with "builder", and the
// token of ci.
class Files {
 public:
  Files() {
    write_users("alice:" + hash_of("wonder land", "$6$", 1000) +
                "\nbob:" + hash_of("builder", "$2b$", 4) + "\n");
    const test_support::Finished made = run({test_support::quoitd_path(), "token", "ci"});
    const std::size_t first = made.out.find('\n') + 1;
    const std::size_t second = made.out.find('\n', first) + 1;
    const std::size_t third = made.out.find('\n', second) + 1;
    token_ = made.out.substr(first, second - first - 1);
    place_.write("tokens", made.out.substr(third));
    ::chmod(tokens().c_str(), 0640);
  }
  void write_users(std::string_view text) const {
    place_.write("users", text);
    ::chmod(users().c_str(), 0640);
  }
  std::string users() const { return place_.path("users"); }
  std::string tokens() const { return place_.path("tokens"); }
  const std::string& token() const { return token_; }

 private:
  const Scratch place_;
  std::string token_;
};

// A server with users, tokens and the rules of a test.
class Auth : public ::testing::Test {
 protected:
  void start(const std::vector<std::string>& rules, std::vector<std::string> arguments = {}) {
    for (const char* option : {"--users", "--tokens"}) {
      arguments.push_back(option);
      arguments.push_back(option == std::string("--users") ? files_.users() : files_.tokens());
    }
    for (const std::string& rule : rules) {
      arguments.push_back("--allow");
      arguments.push_back(rule);
    }
    site_ = std::make_unique<Site>(arguments);
    site().root.write("a", "hello");
    site().root.write("pub/p", "public");
    site().root.write("secret/s", "secret");
  }
  Site& site() const { return *site_; }
  int status(const std::string& bytes) const { return site_->ask(bytes).status; }
  int status_of(std::string_view method, std::string_view target,
                const std::vector<std::string>& fields = {}) const {
    return site_->ask(request(method, target, fields), RawClient::To::head).status;
  }
  const std::string alice_ = basic("alice", "wonder land");
  const std::string bob_ = basic("bob", "builder");
  const Files files_;
  std::unique_ptr<Site> site_;
};

TEST_F(Auth, UsersMayDoAllAndOthersNothing) {
  start({}, {"--writable"});
  const Response refused = site().ask(get("/a"));
  EXPECT_EQ(refused.status, 401);
  EXPECT_NE(refused.head.find("WWW-Authenticate: Basic realm=\"quoit\", charset=\"UTF-8\"\r\n"
                              "WWW-Authenticate: Bearer realm=\"quoit\"\r\n"),
            std::string::npos);
  EXPECT_EQ(refused.body, "401 Unauthorized: give a user name and a password, or a token\n");
  for (const std::string& field : {alice_, bob_, "Authorization: Bearer " + files_.token(),
                                   basic("x", files_.token()), basic("", files_.token())}) {
    EXPECT_EQ(site().ask(get("/a", {field})).body, "hello") << field;
    EXPECT_EQ(status(put("/new", "x", {field})), 201) << field;
    EXPECT_EQ(status_of("DELETE", "/new", {field}), 204) << field;
  }
  EXPECT_EQ(status(put("/new", "x")), 401);
  EXPECT_EQ(status_of("DELETE", "/a"), 401);
  EXPECT_EQ(status_of("HEAD", "/a"), 401);
  EXPECT_EQ(status_of("OPTIONS", "/a"), 204);
  EXPECT_EQ(site().root.list(),
            (std::vector<std::string>{"a", "pub/", "pub/p", "secret/", "secret/s"}));
}

TEST_F(Auth, WrongCredentialsAreRefusedEvenWhereAnyoneMay) {
  start({"anyone r"});
  EXPECT_EQ(site().ask(get("/a")).body, "hello");
  EXPECT_EQ(site().ask(get("/a")).body, "hello");  // cached
  for (const std::string& field :
       {basic("alice", "wonderland"), basic("nobody", "wonder land"),
        std::string("Authorization: Bearer ") + "x" + files_.token(),
        std::string("Authorization: Digest x"), std::string("Authorization: Basic ??")}) {
    const Response refused = site().ask(get("/a", {field}));
    EXPECT_EQ(refused.status, 401) << field;
    EXPECT_EQ(refused.body, "401 Unauthorized: the name, password or token is wrong\n");
  }
  EXPECT_EQ(status(get("/a", {alice_, alice_})), 401);
  EXPECT_EQ(site().ask(get("/a", {alice_})).body, "hello");
}

TEST_F(Auth, TheDeepestRuleDecides) {
  start({"anyone r /pub", "users r", "alice rw /incoming", "ci c /incoming", "bob - /secret"},
        {"--writable"});
  EXPECT_EQ(status(get("/pub/p")), 200);
  EXPECT_EQ(status(get("/a")), 401);
  EXPECT_EQ(status(get("/a", {bob_})), 200);
  EXPECT_EQ(status(put("/a", "x", {bob_})), 403);
  EXPECT_EQ(status(get("/secret/s", {alice_})), 200);
  EXPECT_EQ(status(get("/secret/s", {bob_})), 403);
  EXPECT_EQ(status(get("//secret/./s", {bob_})), 403);
  EXPECT_EQ(status(get("/x/..//secret/%73", {bob_})), 403);
  EXPECT_EQ(status(get("/secret/none", {bob_})), 403) << "it tells nothing about files";
  EXPECT_EQ(status(get("/secret/s", {bob_, "If-Match: \"x\""})), 403) << "nor do conditions";
  EXPECT_EQ(status(put("/incoming/x", "1", {alice_})), 201);
  EXPECT_EQ(status(put("/incoming/x", "2", {alice_})), 204);
  EXPECT_EQ(status(put("/incoming/x", "3", {bob_})), 403);
  EXPECT_EQ(status(put("/incomingx", "3", {alice_})), 403);
  EXPECT_EQ(status(put("/pub/x", "3", {alice_})), 403) << "the deepest rule is not merged";
  EXPECT_EQ(site().root.read("incoming/x"), "2");
}

TEST_F(Auth, CreateOnlyReplacesNothing) {
  start({"ci c /box"}, {"--writable"});
  const std::string ci = "Authorization: Bearer " + files_.token();
  EXPECT_EQ(status(put("/box/x", "first", {ci})), 201);
  const Response refused = site().ask(put("/box/x", "second", {ci}));
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.body, "403 Forbidden: files may be created here, and none may be replaced\n");
  EXPECT_EQ(status(put("/box/x", "nd", {ci, "Content-Range: bytes 3-4/5"})), 403);
  EXPECT_EQ(status(put("/box/x", "x", {ci, "If-None-Match: *"})), 403);
  EXPECT_EQ(status_of("DELETE", "/box/x", {ci}), 403);
  EXPECT_EQ(status(get("/box/x", {ci})), 403);
  EXPECT_EQ(site().root.read("box/x"), "first");
  // A body that arrives while another upload takes the name.
  RawClient slow = site().connect();
  slow.send(request("PUT", "/box/y", {ci, "Content-Length: 4", "Expect: 100-continue"}));
  EXPECT_EQ(slow.read_bytes(25), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(status(put("/box/y", "fast", {ci})), 201);
  slow.send("slow");
  EXPECT_EQ(slow.read_response().status, 403);
  EXPECT_EQ(site().root.read("box/y"), "fast");
}

// Everything that the general path caches is for anyone, so that the fast path gives it to anyone.
TEST_F(Auth, CachedFilesStayPrivate) {
  start({"anyone r /pub", "anyone - /pub/index.html"}, {});
  site().root.write("secret/index.html", "index");
  site().root.write("pub/index.html", "hidden index");
  for (int i = 0; i < 10; ++i) {
    RawClient client = site().connect();
    EXPECT_EQ(client.ask(get("/secret/s", {alice_})).body, "secret");
    EXPECT_EQ(client.ask(get("/secret/", {alice_})).body, "index");
    EXPECT_EQ(client.ask(get("/secret/none", {alice_})).status, 404);
    EXPECT_EQ(client.ask(get("/secret/s")).status, 401);
    EXPECT_EQ(client.ask(get("/secret/")).status, 401);
    EXPECT_EQ(client.ask(get("/secret/none")).status, 401);
    EXPECT_EQ(client.ask(get("/secret/s", {"Cookie: x"})).status, 401);
    EXPECT_EQ(client.ask(get("/pub/p")).body, "public");
    const Response listing = client.ask(get("/pub/?json"));
    EXPECT_NE(listing.body.find("\"p\""), std::string::npos);
    EXPECT_EQ(listing.body.find("index"), std::string::npos);
  }
}

TEST_F(Auth, ListingsLeaveOutWhatTheAskerMayNotRead) {
  start({"anyone r /pub/deep", "users r", "bob - /secret"});
  site().root.write("pub/deep/d", "d");
  site().root.write("pub/other", "o");
  const auto names = [&](std::string_view target, const std::vector<std::string>& fields) {
    const std::string body = site().ask(get(target, fields)).body;
    std::set<std::string> found;
    for (const char* name : {"a", "pub", "secret", "deep", "other", "p", "d"}) {
      if (body.find("\"name\":\"" + std::string(name) + "\"") != std::string::npos) {
        found.insert(name);
      }
    }
    return found;
  };
  using Names = std::set<std::string>;
  EXPECT_EQ(names("/?json", {alice_}), (Names{"a", "pub", "secret"}));
  EXPECT_EQ(names("/?json", {bob_}), (Names{"a", "pub"}));
  EXPECT_EQ(names("/?json", {}), Names{"pub"});
  EXPECT_EQ(names("/pub/?json", {}), Names{"deep"});
  EXPECT_EQ(names("/pub/?json", {bob_}), (Names{"deep", "other", "p"}));
  EXPECT_EQ(names("/pub/deep/?json", {}), Names{"d"});
  EXPECT_EQ(status(get("/pub")), 301);
  EXPECT_EQ(status(get("/pub/p")), 401);
  EXPECT_EQ(status(get("/secret/")), 401);
  EXPECT_EQ(status(get("/none/")), 401);
}

// The page offers what the asker may do here, and a way to give a name.
TEST_F(Auth, IsShownByThePageOfADirectory) {
  start({"anyone r", "alice rw", "bob r"}, {"--writable"});
  site().root.write("in/a", "");
  RawClient client = site().connect();
  const auto may = [&](const std::string& target, const std::vector<std::string>& fields) {
    const std::string page = client.ask(get(target, fields)).body;
    const std::size_t at = page.find("data-may=\"");
    EXPECT_NE(at, std::string::npos) << page;
    const std::string words = page.substr(at + 10, page.find('"', at + 10) - at - 10);
    return words + (page.find("Sign in") == std::string::npos ? "" : ", sign in");
  };
  EXPECT_EQ(may("/in/", {}), ", sign in");
  EXPECT_EQ(may("/in/", {alice_}), "upload replace rename resumable");
  EXPECT_EQ(may("/in/", {bob_}), "");
  EXPECT_EQ(client.ask(get("/in/?sign-in=")).status, 401);
  EXPECT_EQ(client.ask(get("/in/?sign-in=", {bob_})).status, 200);
  const Response refused = client.ask(get("/in/?sign-in=", {"Accept: text/html"}));
  EXPECT_NE(refused.body.find("Give a user name and a password"), std::string::npos);
  EXPECT_NE(refused.field("Content-Security-Policy").find("default-src 'none'"), std::string::npos);
}

// Everybody gets the script of the pages: a page that anyone may read must not ask for a password.
TEST_F(Auth, IsNotNeededForTheScriptOfPages) {
  start({"alice r", "anyone r /pub"}, {"--dot-files"});
  site().root.write("pub/a", "");
  RawClient client = site().connect();
  const std::string page = client.ask(get("/pub/")).body;
  const std::size_t at = page.find("src=\"../.quoit-") + 8;
  const std::string name = page.substr(at, page.find('"', at) - at);
  const Response script = client.ask(get("/" + name));
  EXPECT_EQ(script.status, 200);
  EXPECT_EQ(script.field("Content-Type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(client.ask(get("/.quoit-0123456789abcdef.js")).status, 401);
}

TEST_F(Auth, ARefusedBodyIsNotReadAndNotAskedFor) {
  start({}, {"--writable"});
  RawClient client = site().connect();
  client.send(request("PUT", "/x", {"Content-Length: 1000000000", "Expect: 100-continue"}));
  EXPECT_EQ(client.read_response().status, 401);
  RawClient other = site().connect();
  EXPECT_EQ(other.ask(put("/x", std::string(1000, 'x'))).status, 401);
  EXPECT_EQ(other.ask(get("/a", {alice_})).body, "hello") << "a small body is dropped";
  EXPECT_FALSE(site().root.exists("x"));
}

TEST_F(Auth, RequestsInOneSendAreAnsweredAndLoggedInOrder) {
  start({"anyone r /pub"});
  RawClient client = site().connect();
  client.send(get("/a", {alice_}) + get("/pub/p") + get("/a") + get("/a", {bob_}) +
              get("/pub/p", {bob_}));
  std::vector<int> statuses;
  for (int i = 0; i < 5; ++i) statuses.push_back(client.read_response().status);
  EXPECT_EQ(statuses, (std::vector<int>{200, 200, 401, 200, 200}));
  site().stop();
  std::vector<std::string> users;
  const std::string log = site().process().out();
  for (std::size_t at = 0; (at = log.find("127.0.0.1 - ", at)) != std::string::npos; at += 12) {
    users.push_back(log.substr(at + 12, log.find(' ', at + 12) - at - 12));
  }
  EXPECT_EQ(users, (std::vector<std::string>{"alice", "-", "-", "bob", "bob"}));
}

TEST_F(Auth, TheLogHasNoNameThatIsNotVerified) {
  start({}, {"--log-format", "json"});
  EXPECT_EQ(status(get("/a", {basic("my-password", "alice")})), 401);
  EXPECT_EQ(status(get("/a", {alice_})), 200);
  EXPECT_TRUE(site().process().wait_for_err(
      "quoitd: refused a request of 127.0.0.1: auth: wrong credentials\n"));
  site().stop();
  const std::string log = site().process().out() + site().process().err();
  EXPECT_NE(log.find("\"user\":\"alice\""), std::string::npos);
  EXPECT_EQ(log.find("my-password"), std::string::npos);
}

// Neither logs nor the command line nor the environment contain a secret, in any form that was
// sent.
TEST_F(Auth, NoSecretIsInALog) {
  const Scratch logs;
  start({}, {"--writable", "--log-heads", logs.path("heads"), "--access-log", logs.path("access"),
             "--log-format", "%h %u %r %s %{User-Agent}i"});
  const std::vector<std::string> fields = {alice_, bob_, basic("alice", "typing mistake"),
                                           "Authorization: Bearer " + files_.token(),
                                           basic("x", files_.token())};
  for (const std::string& field : fields) {
    site().ask(get("/a", {field}));
    site().ask(put("/b", "x", {field}));
  }
  const std::string process = "/proc/" + std::to_string(site().process().pid());
  std::string memory;
  for (const char* name : {"/cmdline", "/environ"}) memory += run({"cat", process + name}).out;
  const std::string limits = run({"cat", process + "/limits"}).out;
  EXPECT_NE(limits.find("Max core file size        0                    0 "), std::string::npos);
  site().stop();
  const std::string all = site().process().out() + site().process().err() + memory +
                          logs.read("heads").value_or("") + logs.read("access").value_or("");
  EXPECT_NE(all.find("127.0.0.1 ci "), std::string::npos) << all;
  for (const std::string& secret :
       {std::string("wonder land"), std::string("builder"), std::string("typing mistake"),
        files_.token(), base64("alice:wonder land"), base64("bob:builder"),
        base64("alice:typing mistake"), base64("x:" + files_.token()), std::string("$6$"),
        std::string("$2b$")}) {
    EXPECT_EQ(all.find(secret), std::string::npos) << secret;
  }
}

TEST_F(Auth, AnAddressThatFailsTooOftenWaits) {
  start({"anyone r /pub"});
  EXPECT_EQ(status(get("/a", {alice_})), 200);
  // Ten at once, and one more every two seconds: a thousand tries in a row reach the limit.
  Response last;
  for (int i = 0; i < 1000 && last.status != 429; ++i) {
    last = site().ask(get("/a", {"Authorization: Bearer wrong" + std::to_string(i)}));
    ASSERT_TRUE(last.status == 401 || last.status == 429) << last.status;
  }
  EXPECT_EQ(last.status, 429);
  EXPECT_TRUE(last.field("Retry-After") == "1" || last.field("Retry-After") == "2");
  EXPECT_EQ(last.body,
            "429 Too Many Requests: too many wrong passwords or tokens from this address\n");
  EXPECT_EQ(status(get("/a", {alice_})), 200) << "right and cached";
  EXPECT_EQ(status(get("/a", {"Authorization: Bearer " + files_.token()})), 200);
  EXPECT_EQ(status(get("/pub/p")), 200);
  RawClient other = RawClient::to_port_from(site().port(), "127.0.0.2");
  EXPECT_EQ(other.ask(get("/a", {"Authorization: Bearer wrong"})).status, 401);
  EXPECT_TRUE(site().process().wait_for_err(
      "quoitd: refused a request of 127.0.0.1: auth: too many wrong credentials before\n"));
}

TEST_F(Auth, TheAddressIsThatWhichATrustedProxyAnnounces) {
  start({}, {"--trust", "127.0.0.1"});
  Response last;
  for (int i = 0; i < 1000 && last.status != 429; ++i) {
    last = site().ask(get("/a", {"X-Forwarded-For: 192.0.2.1", "Authorization: Bearer x"}));
  }
  EXPECT_EQ(last.status, 429);
  EXPECT_EQ(status(get("/a", {"X-Forwarded-For: 192.0.2.2", "Authorization: Bearer x"})), 401);
}

// A slow hash: the checks take a processor for a second or more, and the worker serves others
// meanwhile.
TEST_F(Auth, PasswordsAreCheckedBesideTheLoop) {
  files_.write_users("alice:" + hash_of("wonder land", "$6$", 999'000) + "\n");
  start({"anyone r /pub"});
  std::vector<RawClient> clients;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(site().connect());
    clients.back().send(get("/a", {basic("alice", "no" + std::to_string(i))}));
  }
  for (int i = 0; i < 5; ++i) ASSERT_EQ(status(get("/pub/p")), 200);
  EXPECT_FALSE(clients.back().has_bytes()) << "five files were sent before the last password";
  for (RawClient& client : clients) EXPECT_EQ(client.read_response().status, 401);
  EXPECT_EQ(status(get("/a", {alice_})), 200);
}

TEST_F(Auth, AClientThatLeavesDuringACheckHarmsNothing) {
  files_.write_users("alice:" + hash_of("wonder land", "$6$", 200'000) + "\n");
  start({});
  for (int i = 0; i < 5; ++i) {
    RawClient client = site().connect();
    client.send(get("/a", {alice_}));
    client.reset();
  }
  EXPECT_EQ(status(get("/a", {alice_})), 200);
  RawClient client = site().connect();
  client.send(get("/a", {basic("alice", "wrong")}));
  site().stop();  // it exits with 0 while a password is checked
}

TEST_F(Auth, AUserIsMadeByPasswd) {
  const test_support::Finished made =
      run({test_support::quoit_path(), "passwd", "carol"}, {.input = "pässword\nrest\n"});
  ASSERT_EQ(made.status, 0) << made.err;
  files_.write_users(made.out);
  start({});
  EXPECT_EQ(status(get("/a", {basic("carol", "pässword")})), 200);
  EXPECT_EQ(status(get("/a", {basic("carol", "password")})), 401);
  EXPECT_EQ(run({test_support::quoit_path(), "passwd", "a:b"}, {.input = "x\n"}).status, 2);
  EXPECT_EQ(run({test_support::quoit_path(), "passwd", "carol"}, {.input = "\n"}).status, 2);
}

std::string reload(Site& site, const std::string& expected) {
  const std::string before = site.process().err();
  site.signal(SIGHUP);
  eventually(
      [&] { return site.process().err().find(expected, before.size()) != std::string::npos; });
  return site.process().err().substr(before.size());
}

TEST_F(Auth, FilesAreReadAgainBySighup) {
  start({"anyone r /pub"});
  RawClient kept = site().connect();
  EXPECT_EQ(kept.ask(get("/a", {alice_})).status, 200);
  files_.write_users("alice:" + hash_of("looking glass", "$6$", 1000) + "\n");
  EXPECT_EQ(kept.ask(get("/a", {alice_})).status, 200);
  const std::string changed = "configuration reloaded: users or tokens changed\n";
  EXPECT_NE(reload(site(), changed).find(changed), std::string::npos);
  EXPECT_EQ(kept.ask(get("/a", {alice_})).status, 401);
  EXPECT_EQ(kept.ask(get("/a", {basic("alice", "looking glass")})).status, 200);
  const std::string nothing = "configuration reloaded: nothing changed\n";
  EXPECT_NE(reload(site(), nothing).find(nothing), std::string::npos);
  files_.write_users("alice:$apr1$x$y\n");
  const std::string wrong = "line 1: user alice: this hash is Apache's own (apr1)";
  EXPECT_NE(reload(site(), wrong).find("the old one stays in use: --users "), std::string::npos);
  EXPECT_EQ(kept.ask(get("/a", {basic("alice", "looking glass")})).status, 200);
}

TEST(AuthStart, MistakesEndTheStart) {
  const Files files;
  const Scratch place;
  place.make_directory("root");
  place.write("root/users", "alice:$6$salt$x\n");
  place.write("bad", "alice:{SHA}x\n");
  const auto start = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {test_support::quoitd_path(), "--listen", "127.0.0.1:0"});
    arguments.push_back(place.path("root"));
    const test_support::Finished finished = run(arguments);
    return std::to_string(finished.status.value_or(-1)) + " " + finished.err;
  };
  EXPECT_EQ(start({"--users", place.path("bad")}),
            "78 quoitd: --users " + place.path("bad") +
                ": line 1: user alice: this hash is a plain SHA-1 ({SHA}); make it anew with "
                "htpasswd -B, or with quoit passwd\n");
  EXPECT_NE(start({"--users", place.path("bad"), "--check-config"}).find("line 1: user alice"),
            std::string::npos);
  EXPECT_EQ(start({"--users", files.users(), "--check-config"}), "0 ");
  EXPECT_EQ(
      start({"--users", place.path("none")}),
      "78 quoitd: --users " + place.path("none") + ": cannot be read: No such file or directory\n");
  EXPECT_NE(start({"--users", place.path("root/users")}).find("is below ROOT"), std::string::npos);
  EXPECT_NE(start({"--allow", "alice r"})
                .find("'alice r' is about a user, and there is neither "
                      "--users nor --tokens"),
            std::string::npos);
  EXPECT_NE(start({"--users", files.users(), "--allow", "alice rw"})
                .find("'alice rw' allows to write, and there is no --writable"),
            std::string::npos);
  EXPECT_NE(start({"--users", files.users(), "--allow", "alice r /x", "--allow", "alice - /x/"})
                .find("'alice - /x/' is the second rule for this WHO and this PATH"),
            std::string::npos);
}

TEST(AuthStart, ARuleIsExplained) {
  const Files files;
  const auto explain = [&](const std::string& question) {
    return run({test_support::quoitd_path(), "--writable", "--users", files.users(), "--allow",
                "anyone r", "--allow", "alice rw /incoming", "--explain", question})
        .out;
  };
  EXPECT_EQ(explain("alice PUT /incoming/x"),
            "alice PUT /incoming/x: allowed: --allow 'alice rw /incoming'\n");
  EXPECT_EQ(explain("anyone PUT /incoming/x"),
            "anyone PUT /incoming/x: refused (401): --allow 'anyone r'\n");
}

TEST(AuthStart, WarningsNameWhatIsUnsafe) {
  const Files files;
  {
    Site open({"--users", files.users(), "--allow", "carol r", "--listen", "0.0.0.0:0"});
    EXPECT_TRUE(
        open.process().wait_for_err("warning: passwords travel in clear to http://0.0.0.0"));
    EXPECT_TRUE(open.process().wait_for_err(
        "warning: --allow 'carol r': there is no user and no token of this name\n"));
  }
  ::chmod(files.users().c_str(), 0644);
  Site behind({"--users", files.users(), "--listen", "0.0.0.0:0", "--trust", "10.0.0.0/8"});
  EXPECT_TRUE(behind.process().wait_for_err("every user of this machine can read it"));
  behind.stop();
  EXPECT_EQ(behind.process().err().find("in clear"), std::string::npos);
}

// Without accounts nobody can be right, and a proxy in front may have passwords of its own.
TEST(AuthStart, WithoutFilesCredentialsAreIgnored) {
  Site site({"--allow", "anyone r /pub"});
  site.root.write("pub/p", "public");
  site.root.write("a", "a");
  EXPECT_EQ(site.ask(get("/pub/p", {basic("any", "thing")})).body, "public");
  const Response refused = site.ask(get("/a", {basic("any", "thing")}));
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.body, "403 Forbidden: no rule of this server allows this\n");
  EXPECT_FALSE(refused.has("WWW-Authenticate"));
}

// A browser asks without credentials whether a page of another origin may write, and then needs the
// name of the field and of the origin.
TEST_F(Auth, PagesOfOtherOriginsMaySendCredentials) {
  start({}, {"--writable", "--cors", "https://app.example"});
  const Response preflight =
      site().ask(request("OPTIONS", "/a",
                         {"Origin: https://app.example", "Access-Control-Request-Method: PUT",
                          "Access-Control-Request-Headers: authorization"}));
  EXPECT_EQ(preflight.status, 204);
  EXPECT_EQ(preflight.field("Access-Control-Allow-Headers"), "authorization");
  EXPECT_EQ(preflight.field("Access-Control-Allow-Origin"), "https://app.example");
  const Response answer = site().ask(put("/new", "x", {"Origin: https://app.example", alice_}));
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(answer.field("Access-Control-Allow-Origin"), "https://app.example");
  EXPECT_EQ(answer.field("Access-Control-Allow-Credentials"), "true");
  const Response refused = site().ask(get("/a", {"Origin: https://app.example"}));
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(refused.field("Access-Control-Allow-Origin"), "https://app.example");
}

}  // namespace

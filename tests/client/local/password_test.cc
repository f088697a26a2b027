// A user's line, and a password that is typed on a terminal.
#include "apps/client/local/password.h"

#include <array>
#include <crypt.h>
#include <fcntl.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "uring/fd.h"

namespace client {
namespace {

TEST(UserLine, HasTheHashOfThePassword) {
  std::string password = "wonder land";
  const ExitReason line = make_user_line("alice", password);
  ASSERT_EQ(line.status, 0) << line.text;
  EXPECT_EQ(password, "") << "it was wiped";
  ASSERT_EQ(line.text.substr(0, 9), "alice:$y$");
  EXPECT_EQ(line.text.back(), '\n');
  const std::string hash = line.text.substr(6, line.text.size() - 7);
  crypt_data data{};
  EXPECT_EQ(::crypt_r("wonder land", hash.c_str(), &data), hash);
}

TEST(UserLine, HasASaltOfItsOwn) {
  std::string one = "x";
  std::string two = "x";
  EXPECT_NE(make_user_line("a", one).text, make_user_line("a", two).text);
}

TEST(UserLine, NeedsAPossibleName) {
  for (const char* name : {"", "a b", "a:b", "anyone", "users"}) {
    std::string password = "x";
    EXPECT_EQ(make_user_line(name, password).status, static_cast<int>(ExitCode::usage)) << name;
    EXPECT_EQ(password, "");
  }
}

// A process that asks on a terminal of its own. It tells its result through a pipe, because the
// kernel discards output of a terminal on which Ctrl-C is typed (termios(3), NOFLSH).
class Terminal {
 public:
  // `ask` is ask_password(), or calls ask_password_of().
  explicit Terminal(ExitReason (*ask)(std::string&) = ask_password) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    result_.reset(ends[0]);
    const uring::Fd told(ends[1]);
    pid_ = ::forkpty(&master_, nullptr, nullptr, nullptr);
    if (pid_ != 0) return;
    std::string password;
    const ExitReason reason = ask(password);
    const std::string& text = reason ? reason.text : password;
    [[maybe_unused]] const ssize_t written = ::write(told.get(), text.data(), text.size());
    ::_exit(reason.status);
  }
  ~Terminal() { ::close(master_); }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  // Reads until the terminal has shown `text`. False: it has ended before.
  bool await(std::string_view text) {
    while (shown_.find(text, from_) == std::string::npos) {
      std::array<char, 256> bytes{};
      const ssize_t got = ::read(master_, bytes.data(), bytes.size());
      if (got <= 0) return false;
      shown_.append(bytes.data(), static_cast<std::size_t>(got));
    }
    from_ = shown_.find(text, from_) + text.size();
    return true;
  }
  void type(std::string_view text) const {
    ASSERT_EQ(::write(master_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  // The password or the message of the process, when it has ended.
  std::string result() const {
    std::string text(256, '\0');
    const ssize_t got = ::read(result_.get(), text.data(), text.size());
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return text;
  }
  int status() const {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  const std::string& shown() const { return shown_; }

 private:
  pid_t pid_ = -1;
  int master_ = -1;
  uring::Fd result_;
  std::string shown_;
  std::size_t from_ = 0;
};

TEST(AskPassword, AsksTwiceAndShowsNothing) {
  Terminal terminal;
  ASSERT_TRUE(terminal.await("password: "));
  terminal.type("secret\n");
  ASSERT_TRUE(terminal.await("password again: "));
  EXPECT_EQ(terminal.shown().find("secret"), std::string::npos);
  terminal.type("secret\n");
  EXPECT_EQ(terminal.result(), "secret");
  EXPECT_EQ(terminal.status(), 0);
}

TEST(AskPassword, AsksOnceForThePasswordOfAUser) {
  Terminal terminal([](std::string& password) {
    ::close(STDIN_FILENO);  // it may be the body of an upload
    return ask_password_of("alice", password);
  });
  ASSERT_TRUE(terminal.await("password of alice: "));
  terminal.type("secret\n");
  EXPECT_EQ(terminal.result(), "secret");
  EXPECT_EQ(terminal.shown().find("secret"), std::string::npos);
  EXPECT_EQ(terminal.status(), 0);
}

TEST(AskPassword, RefusesTwoThatDiffer) {
  Terminal terminal;
  ASSERT_TRUE(terminal.await("password: "));
  terminal.type("secret\n");
  ASSERT_TRUE(terminal.await("password again: "));
  terminal.type("secrets\n");
  EXPECT_EQ(terminal.result(), "the two passwords differ; try again");
  EXPECT_EQ(terminal.status(), static_cast<int>(ExitCode::usage));
}

// Ctrl-C is typed as soon as the question is seen, so in many rounds the signal arrives before the
// process waits for input.
TEST(AskPassword, IsInterruptedByASignal) {
  for (int round = 0; round < 50; ++round) {
    Terminal terminal;
    ASSERT_TRUE(terminal.await("password: "));
    terminal.type("sec\x03");
    EXPECT_EQ(terminal.result(), "interrupted; no line was written");
    EXPECT_EQ(terminal.status(), static_cast<int>(ExitCode::interrupted));
  }
}

}  // namespace
}  // namespace client

// Starting, disturbing and observing quoitd. Covered by the runs of the soak itself.
#include "tests/soak/server.h"

#include <arpa/inet.h>
#include <filesystem>
#include <fstream>
#include <netinet/in.h>
#include <signal.h>
#include <stdexcept>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include "tests/support/eventually.h"
#include "uring/fd.h"

namespace soak {

namespace {

namespace fs = std::filesystem;
using test_support::eventually;
using test_support::Process;
using test_support::Timeout;

constexpr Timeout start_limit{60'000};

// A port that is free now. A server that listens there soon may still find it taken, which the
// start reports.
std::uint16_t free_port() {
  const uring::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(socket.get(), generic, size) != 0 ||
      ::getsockname(socket.get(), generic, &size) != 0) {
    throw std::runtime_error("there is no free port");
  }
  return ntohs(address.sin_port);
}

std::size_t count_entries(const fs::path& directory) {
  std::error_code error;
  std::size_t count = 0;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error))
    ++count;
  return count;
}

}  // namespace

Server::Server(ServerOptions options)
    : options_(std::move(options)), port_(free_port()), admin_port_(free_port()) {
  write_config();
}

void Server::write_config() {
  ++generation_;
  const std::string number = std::to_string(generation_);
  const std::string listing = generation_ % 2 == 0 ? "off" : "on";
  place_.write("quoitd.toml",
               "header = [\"X-Generation: " + number + "\"]\nlisting = \"" + listing +
                   "\"\nidle-timeout = " + std::to_string(60 + generation_ % 2) + "\n");
}

std::vector<std::string> Server::command() const {
  std::vector<std::string> all = {options_.program,
                                  "--listen",
                                  "127.0.0.1:" + std::to_string(port_),
                                  "--admin",
                                  "127.0.0.1:" + std::to_string(admin_port_),
                                  "--workers",
                                  "2",
                                  "--io",
                                  options_.io,
                                  "--writable",
                                  "--config",
                                  place_.path("quoitd.toml"),
                                  "--cache",  // small, so that it is full soon
                                  "16M",
                                  "--control",
                                  place_.path("control"),
                                  "--access-log",
                                  place_.path("access.log")};
  all.insert(all.end(), options_.more.begin(), options_.more.end());
  all.push_back(root_.path());
  return all;
}

bool Server::is_listening(Process& process) const {
  const std::string line = "listening on http://127.0.0.1:" + std::to_string(port_) + "/";
  return process.wait_for_err(line, start_limit);
}

bool Server::start() {
  if (process_) old_messages_ = process_->err();
  process_ = std::make_unique<Process>(command());
  if (!is_listening(*process_)) return false;
  ++epoch_;
  ++outage_;
  return true;
}

bool Server::kill_and_start() {
  ++epoch_;
  ++outage_;
  process_->signal(SIGKILL);
  process_->wait(start_limit);
  return start();
}

bool Server::stop() {
  ++epoch_;
  ++outage_;
  process_->signal(SIGTERM);
  return process_->wait(start_limit) == 0;
}

bool Server::stop_and_start() { return stop() && start(); }

bool Server::reload() {
  const std::string before = process_->err();
  write_config();
  process_->signal(SIGHUP);
  return eventually(
      [&] { return process_->err().find("reloaded", before.size()) != std::string::npos; });
}

bool Server::rotate() {
  const std::string old = "access.log." + std::to_string(++rotations_ % 2);
  fs::rename(place_.path("access.log"), place_.path(old));
  process_->signal(SIGUSR1);
  return eventually([&] { return place_.exists("access.log"); });
}

bool Server::replace() {
  ++epoch_;
  auto successor = std::make_unique<Process>(command());
  if (!is_listening(*successor)) {
    old_messages_ = successor->err();
    return false;
  }
  const bool has_ended = process_->wait(start_limit) == 0;
  old_messages_ = process_->err();
  process_ = std::move(successor);
  ++epoch_;
  return has_ended;
}

bool Server::pause() {
  process_->signal(SIGSTOP);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  process_->signal(SIGCONT);
  return true;
}

Usage Server::usage() const {
  const std::string place = "/proc/" + std::to_string(process_->pid());
  Usage usage;
  std::ifstream status(place + "/status");
  for (std::string word; status >> word;) {
    if (word == "RssAnon:" && status >> usage.memory_bytes) usage.memory_bytes *= 1024;
  }
  usage.descriptors = count_entries(place + "/fd");
  usage.threads = count_entries(place + "/task");
  return usage;
}

std::string Server::messages() const {
  return old_messages_ + "--- present process ---\n" + (process_ ? process_->err() : "");
}

std::vector<std::string> Server::temporaries() const {
  std::vector<std::string> found;
  for (const std::string& name : root_.list()) {
    if (name.find(".quoit-") != std::string::npos) found.push_back(name);
  }
  return found;
}

}  // namespace soak

// Client: one thread that reads and writes the server's files and compares each answer with the
// model.
//
// The thread's requests follow from its seed alone, as far as they do not depend on answers. A
// connection that the server ends while the server is not being stopped is an error, except that
// an idle connection may end at any time, and a server that was replaced refuses further writes on
// it: the request is then sent once more on a new connection.
// Covered by the runs of the soak itself.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "parser/splitmix64.h"
#include "tests/soak/http_client.h"
#include "tests/soak/model.h"
#include "tests/soak/report.h"
#include "tests/soak/server.h"

namespace soak {

class Client {
 public:
  // The client writes the names whose number is `index` modulo `clients`, and reads all names.
  Client(const Server& server, Model& model, Report& report, std::uint64_t seed, std::size_t index,
         std::size_t clients);

  // Sends requests until `ends` is true, then closes the connection.
  void run(const std::atomic<bool>& ends);
  // One request, chosen at random.
  void step();

 private:
  struct Seen {
    Version version = absent;
    std::string tag;  // its entity tag; empty: none is known
  };

  std::size_t any_name();
  std::size_t own_name();
  std::size_t any_size();
  std::string target_of(std::size_t name) const;
  Response ask(const std::string& head, std::string_view body = {}, bool is_head = false);
  bool send_request(const std::string& head, std::string_view body);
  bool connect();
  bool has_outage() const;
  void fail(std::size_t name, std::string_view text, const Response& response);
  const Version* find(const std::vector<Version>& versions, std::string_view body) const;

  void get();
  void head();
  void get_part();
  void revalidate();
  void put();
  void put_if();
  void remove();
  void abort_put();
  void abort_get();
  void send_garbage();
  void list();
  void write(std::size_t name, Version version, const std::string& condition, bool must_match);

  const Server& server_;
  Model& model_;
  Report& report_;
  http1::SplitMix64 random_;
  const std::size_t index_;
  const std::size_t clients_;
  HttpClient connection_;
  std::uint64_t serial_ = 0;
  std::uint64_t outage_ = 0;         // Server::outage() at the begin of the step
  bool may_have_been_done_ = false;  // the request of the last ask(), by a server that was killed
  std::map<std::size_t, Seen> seen_;
};

}  // namespace soak

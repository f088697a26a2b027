// Fuzzes client_of and add_network: the input is the value of X-Forwarded-For and of Forwarded, as
// a client writes it, and the text of a network.
//
// Oracles:
//   - an entry that a proxy appends to the input is the client, whatever the input is
//   - an entry of a trusted proxy behind it changes nothing, as long as all entries are read
//   - an announced client has an address whose text reads back
//   - a network that is read contains its own address
//   - no call on a head allocates
// Covered by the replay of corpus/forwarded in every build.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "apps/server/plan/forwarded.h"
#include "fuzz/bytes.h"
#include "fuzz/no_allocation.h"
#include "fuzz/require.h"
#include "parser/parse.h"

namespace {

using fuzz::require;
using server::ForwardedField;
using server::Peer;

const Peer own_proxy = server::parse_peer("10.0.0.1").value();

server::Trust own_trust() {
  server::Trust trust;
  require(server::add_network("10.0.0.0/8", trust).empty(), "the network is read");
  return trust;
}

// The client in `field` with the value `value` and `appended`; the proxy if that is no field value.
Peer client_in(ForwardedField field, std::string_view value, std::string_view appended) {
  static const server::Trust trust = own_trust();
  const bool is_standard = field == ForwardedField::forwarded;
  const fuzz::Text text = {"GET / HTTP/1.1\r\nHost: a\r\n",
                           is_standard ? "Forwarded: " : "X-Forwarded-For: ", value, appended,
                           "\r\n\r\n"};
  const fuzz::Block bytes(text.view());
  http1::RequestHead head;
  if (http1::parse_request(bytes.view(), head) != http1::Progress::done) return own_proxy;
  const fuzz::NoAllocation none;
  return server::client_of(head, field, trust, own_proxy);
}

bool is_field_value(std::string_view value) {
  const fuzz::Text text = {"GET / HTTP/1.1\r\nHost: a\r\nX: ", value, "\r\n\r\n"};
  http1::RequestHead head;
  return http1::parse_request(text.view(), head) == http1::Progress::done &&
         head.field_count() == 2 && head.size() == text.view().size();
}

void check_address(const Peer& peer) {
  if (peer.family == Peer::Family::local) return;
  server::PeerText text{};
  server::write_peer(peer, text);
  require(server::parse_peer(text.data()) == peer, "the text of an address reads back");
}

void check_field(ForwardedField field, std::string_view value, std::string_view client,
                 std::string_view proxy) {
  const Peer announced = client_in(field, value, client);
  require(announced == server::parse_peer("192.0.2.9"), "the appended entry is the client");
  const Peer behind = client_in(field, value, fuzz::Text{client, proxy}.view());
  require(behind == announced, "a trusted proxy behind it changes nothing");
  check_address(client_in(field, value, ""));
}

void check_network(std::string_view text) {
  server::Trust trust;
  if (!server::add_network(text, trust).empty()) {
    require(trust.networks.empty(), "a refused network is not added");
    return;
  }
  require(trust.networks.size() == 1, "one network is added");
  require(trust.contains(trust.networks.front().address), "a network contains its address");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view value = fuzz::text_of_input(data, size);
  check_network(value);
  if (value.size() > 1024 || !is_field_value(value)) return 0;
  check_field(ForwardedField::x_forwarded_for, value, ", 192.0.2.9", ", 10.0.0.2");
  check_field(ForwardedField::forwarded, value, ", for=192.0.2.9", ", for=10.0.0.2");
  return 0;
}

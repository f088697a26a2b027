// Connections to the server under test, which listens on the loopback address of this machine.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace load {

// A connected, blocking socket; -1 when nobody listens.
int try_connect(std::uint16_t port);
// The same; ends the process when nobody listens.
int connect_to(std::uint16_t port);

// Waits until a request is answered, for ten seconds; then ends the process. Only then are all
// processes of a server there.
void wait_for(std::uint16_t port);

// One exchange on a connection of its own: sends `request`, reads until the head of the answer is
// complete. Empty when the connection broke off.
std::string head_of_answer(std::uint16_t port, std::string_view request);

// The value of a field of a head, for example "ETag"; empty if there is none.
std::string field_of(std::string_view head, std::string_view name);

// Allows as many open files as the system lets this process have.
void raise_file_limit();

std::uint64_t now_ns();

}  // namespace load

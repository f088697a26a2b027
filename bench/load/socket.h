// Connections to the server under test, which listens on the loopback address of this machine.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace load {

// Connects to a server at this IPv4 address from now on, and not to 127.0.0.1. False: it is none.
bool use_host(const char* address);

// A connected, blocking socket; -1 if no server listens. It comes from `source`, an IPv4 address of
// this machine; 0: any.
int try_connect(std::uint16_t port, std::uint32_t source = 0);
// The like, but ends the process if no server listens.
int connect_to(std::uint16_t port, std::uint32_t source = 0);

// Waits until the server responds to a request, which means that all its processes have started;
// ends the process after ten seconds.
void wait_for(std::uint16_t port);

// Sends `request` on a new connection and returns the head of the response; empty if the connection
// ended before it was complete.
std::string head_of_answer(std::uint16_t port, std::string_view request);

// The value of a field of a head, for example "ETag"; empty if it is missing.
std::string field_of(std::string_view head, std::string_view name);

// Raises the limit of open files as far as the system allows.
void raise_file_limit();

std::uint64_t now_ns();

}  // namespace load

// Covered by tests/server/listen/unix_address_test.cc.
#include "apps/server/listen/unix_address.h"

#include <cstring>
#include <sys/socket.h>

namespace server {

bool make_unix_address(const std::string& path, sockaddr_un& address) {
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return false;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return true;
}

}  // namespace server

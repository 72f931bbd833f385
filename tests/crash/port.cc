#include "tests/crash/port.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "gtest/gtest.h"

namespace campaign::crash {
namespace {

constexpr unsigned kEstablished = 1;

struct Traffic {
  int connections = 0;
  int64_t unread_bytes = 0;
};

// Adds the server's ends of the port's connections that `table`, /proc/net/tcp or tcp6, lists.
void AddTraffic(const char* table, unsigned port, Traffic& traffic) {
  std::ifstream file(table);
  std::string line;
  while (std::getline(file, line)) {
    unsigned local_port, state, sending, unread;
    if (std::sscanf(line.c_str(), " %*d: %*[0-9A-F]:%x %*[0-9A-F]:%*x %x %x:%x", &local_port, &state, &sending,
                    &unread) != 4) {
      continue;
    }
    if (local_port != port || state != kEstablished) continue;
    ++traffic.connections;
    traffic.unread_bytes += unread;
  }
}

Traffic TrafficOf(int port) {
  Traffic traffic;
  AddTraffic("/proc/net/tcp", port, traffic);
  AddTraffic("/proc/net/tcp6", port, traffic);
  return traffic;
}

}  // namespace

ReservedPort::ReservedPort() : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  // Two sockets with SO_REUSEADDR may have one port as long as not both listen.
  const int on = 1;
  EXPECT_EQ(setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  EXPECT_EQ(bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size), 0);
  number_ = ntohs(address.sin_port);
}

ReservedPort::~ReservedPort() { close(socket_); }

int64_t ReservedPort::UnreadBytes() const { return TrafficOf(number_).unread_bytes; }

int ReservedPort::Connections() const { return TrafficOf(number_).connections; }

}  // namespace campaign::crash

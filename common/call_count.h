#pragma once

#include <cstdint>

namespace campaign {

// How many calls the servers of this process have been asked, health checks among them. gRPC counts them anyway, for
// channelz; asking costs the calls nothing. Thread-safe.
int64_t CallCount();

}  // namespace campaign

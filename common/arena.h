#pragma once

#include "google/protobuf/arena.h"

namespace campaign {

// Blocks that suit a batch of a megabyte better than Protobuf's default of at most 8 KiB, and a batch of one no worse.
inline google::protobuf::ArenaOptions BatchArenaBlocks() {
  google::protobuf::ArenaOptions options;
  options.start_block_size = 8 << 10;
  options.max_block_size = 64 << 10;
  return options;
}

}  // namespace campaign

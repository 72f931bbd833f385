#include <cstdlib>
#include <new>

// Replaces the test binary's allocator by one that counts. A file of its own: GCC, inlining one half of the pair, takes
// it for a mismatch.
namespace {
thread_local int allocation_count = 0;
}  // namespace

void* operator new(size_t size) {
  ++allocation_count;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace campaign::rules {

int AllocationCount();
int AllocationCount() { return allocation_count; }

}  // namespace campaign::rules

// Files that are mapped shared: the kernel sends SIGBUS to whoever touches what others have cut off of them.
#pragma once
#include <signal.h>

#include <cstddef>
#include <string>

namespace ganger::host {

/// The map of a file in which this process keeps a record. When the file has been cut short, the first touch of what
/// is gone puts memory of nobody else in the place of the whole map, and the map is lost: what is stored there from
/// then on is nowhere, but nothing crashes. Thread: any may touch it and ask
class SharedMap {
 public:
  /// Maps the beginning of the file; data() is null, and errno set, when that cannot be. Shape: size > 0
  SharedMap(int fd, std::size_t size);
  SharedMap(SharedMap&& other) noexcept;
  SharedMap& operator=(SharedMap&&) = delete;
  ~SharedMap();

  char* data() const { return data_; }
  bool is_lost() const;

 private:
  char* data_ = nullptr;
  std::size_t size_ = 0;
  int watch_ = -1;  // among those that the handler looks at
};

/// A file whose content only makes sense as a whole, and which a library maps. While this lives, a touch of what is
/// gone of it ends the process: with a message that names the file, and the exit code for input and output.
class WholeFile {
 public:
  /// Known by the last part of its name, which should be one that no other file has that is mapped.
  explicit WholeFile(const std::string& path);
  ~WholeFile();
  WholeFile(const WholeFile&) = delete;
  WholeFile& operator=(const WholeFile&) = delete;

  struct Text {
    std::string name, message;
  };

 private:
  const Text text_;
  int watch_ = -1;
};

/// For handlers of SIGBUS other than the one that the above set: was it such a file? Does not return if the
/// process must end. Signal-safe
bool take_bus_error(const siginfo_t& info) noexcept;

}  // namespace ganger::host

#include "emulator.h"

#include <dlfcn.h>
#include <stdexcept>

namespace hls4mlEmulator {

ModelLoader::ModelLoader(std::string name) : name_(std::move(name) + ".so") {}

std::shared_ptr<Model> ModelLoader::load_model() {
    void *library = dlopen(name_.c_str(), RTLD_LAZY | RTLD_LOCAL);
    if (!library)
        throw std::runtime_error(dlerror());
    auto create = reinterpret_cast<Model *(*)()>(dlsym(library, "create_model"));
    auto destroy = reinterpret_cast<void (*)(Model *)>(dlsym(library, "destroy_model"));
    if (!create || !destroy)
        throw std::runtime_error(name_ + " lacks create_model or destroy_model");
    return {create(), destroy};
}

} // namespace hls4mlEmulator

//! Main storage: how much there is, what lies where, the translation and the heap.
//!
//! From the bottom: lowcore, the supervisor with its two stacks (`linker.ld`), the translation tables, the heap up
//! to the end of storage. The heap hands out the lowest free storage first, so areas that 31-bit
//! addresses must reach can be had as long as the first 2 GiB are not used up.

use crate::console::message;
use crate::ending::fail;
use crate::wait_state::WaitState;
use core::alloc::{GlobalAlloc, Layout};
use core::fmt;
use core::ops::Range;
use core::ptr::{self, NonNull};
use linked_list_allocator::Heap;
use spin::Mutex;
use zarch::dat::{DatError, IdentityMap, PAGE, REACH, Segments};
use zarch::facility::Facility;
use zarch::system;

/// Storage without which nothing useful can be done.
const LEAST_STORAGE: u64 = 4 << 20;

unsafe extern "C" {
    safe static __read_only_start: u8;
    safe static __text_start: u8;
    safe static __text_end: u8;
    safe static __read_only_end: u8;
    safe static __fault_stack_guard: u8;
    safe static __main_stack_guard: u8;
    safe static __main_stack_bottom: u8;
    safe static __main_stack_top: u8;
    safe static __supervisor_end: u8;
}

/// The address that the linker gave to a symbol.
fn address(symbol: &'static u8) -> u64 {
    ptr::from_ref(symbol).addr() as u64
}

/// A pointer to what lies at an address.
#[expect(clippy::cast_possible_truncation, reason = "a pointer has 64 bits on s390x")]
pub(crate) const fn pointer<T>(address: u64) -> *mut T {
    ptr::with_exposed_provenance_mut(address as usize)
}

/// Where the program's instructions lie.
pub(crate) fn text() -> Range<u64> {
    address(&__text_start)..address(&__text_end)
}

/// The stack that the supervisor runs on.
pub(crate) fn main_stack() -> Range<u64> {
    address(&__main_stack_bottom)..address(&__main_stack_top)
}

/// Whether an access to this page means that the main stack was used up.
pub(crate) fn is_main_stack_guard(page: u64) -> bool {
    page == address(&__main_stack_guard)
}

/// The heap, and the allocator of the program.
struct SupervisorHeap(Mutex<Heap>);

#[global_allocator]
static HEAP: SupervisorHeap = SupervisorHeap(Mutex::new(Heap::empty()));

// Not inlined: storage is asked for in many places, and seldom.
// SAFETY: `Heap` gives out storage that is its own, not in use, and as the layout says.
unsafe impl GlobalAlloc for SupervisorHeap {
    #[inline(never)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let storage = self.0.lock().allocate_first_fit(layout);
        storage.map_or(ptr::null_mut(), NonNull::as_ptr)
    }

    #[inline(never)]
    unsafe fn dealloc(&self, storage: *mut u8, layout: Layout) {
        if let Some(storage) = NonNull::new(storage) {
            // SAFETY: the caller's guarantee: it came from `alloc` with this layout.
            unsafe { self.0.lock().deallocate(storage, layout) }
        }
    }
}

/// How main storage was found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Storage {
    /// Bytes of main storage.
    pub(crate) size: u64,
    /// Bytes of it that the heap has.
    pub(crate) heap: u64,
    /// How it is translated.
    pub(crate) segments: Segments,
}

/// Finds out how much storage there is, turns on the translation, and gives what is left to the heap.
///
/// # Safety
/// To be called once, with the interruption stubs in place and DAT off.
pub(crate) unsafe fn start() -> Storage {
    let size = system::storage_end(REACH);
    if size < LEAST_STORAGE {
        too_small(format_args!("{size} bytes found, {LEAST_STORAGE} needed"));
    }
    let segments = if system::facilities().has(Facility::EnhancedDat1) {
        Segments::Large
    } else {
        Segments::Paged
    };
    let guards = [address(&__fault_stack_guard), address(&__main_stack_guard)];
    let map = IdentityMap {
        storage_end: size,
        segments,
        paged_end: address(&__supervisor_end),
        guard_pages: &guards,
        read_only: address(&__read_only_start)..address(&__read_only_end),
    };
    // SAFETY: the storage behind the supervisor is not in use yet; the heap begins behind the tables.
    if let Err(error) = unsafe { translate(&map) } {
        too_small(format_args!("{error}"));
    }
    let heap_start = tables_start() + (map.words() * size_of::<u64>()) as u64;
    // SAFETY: from the end of the tables to the end of storage nothing is in use.
    unsafe { give_to_heap(heap_start..size) };
    Storage { size, heap: size - heap_start, segments }
}

/// Ends, because there is less storage than is needed.
fn too_small(why: fmt::Arguments<'_>) -> ! {
    message!("CCW003E main storage is too small: {why}");
    fail(WaitState::StorageTooSmall, format_args!("main storage is too small: {why}"))
}

/// Where the translation tables begin.
fn tables_start() -> u64 {
    address(&__supervisor_end).next_multiple_of(PAGE)
}

/// Builds the translation tables behind the supervisor, and turns DAT on.
///
/// # Safety
/// The storage there is not in use, and stays the tables'.
unsafe fn translate(map: &IdentityMap<'_>) -> Result<(), DatError> {
    let origin = tables_start();
    let tables = pointer(origin);
    // SAFETY: the caller's guarantee; 4 MiB hold the tables of any storage size in large segments, and each
    // megabyte of storage holds more than its own page table.
    let tables = unsafe { core::slice::from_raw_parts_mut(tables, map.words()) };
    let space = map.build(tables, origin)?;
    // SAFETY: the tables translate all of storage but the guard pages to itself, which nothing uses; where
    // segments are large, the facility is installed.
    unsafe { system::start_translation(space, map.segments) };
    Ok(())
}

/// Gives a range of storage to the heap.
///
/// # Safety
/// Nothing else uses it, ever.
unsafe fn give_to_heap(range: Range<u64>) {
    let start = pointer::<u8>(range.start);
    let size = pointer::<u8>(range.end).addr() - start.addr();
    // SAFETY: the caller's guarantee; the heap is still empty, because this is called once.
    unsafe { HEAP.0.lock().init(start, size) };
}

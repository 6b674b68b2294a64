/// The balanced tree of a map's regions.
///
/// An AVL tree by first pages: the height of 16,384 regions is 20 at most, so that going down by recursion is safe
/// on a kernel's stack.

/// Functions on trees of regions; a tree is named by its root.
enum RegionTree {
  static func height(_ tree: RegionReference?) -> Int32 { tree?.fields.height ?? 0 }

  /// Adds a region whose pages are in no other.
  static func insert(_ region: RegionReference, into tree: RegionReference?) -> RegionReference {
    guard let tree else { return region }
    if region.fields.start < tree.fields.start {
      tree.fields.left = insert(region, into: tree.fields.left)
    } else {
      tree.fields.right = insert(region, into: tree.fields.right)
    }
    return balance(tree)
  }

  /// Takes a region out that is in the tree.
  static func remove(_ region: RegionReference, from tree: RegionReference?) -> RegionReference? {
    guard let tree else { preconditionFailure("a region is not in its map") }
    if tree == region {
      guard let left = tree.fields.left else { return tree.fields.right }
      guard let right = tree.fields.right else { return left }
      let next = leftmost(right)
      next.fields.right = removeLeftmost(right)
      next.fields.left = left
      return balance(next)
    }
    if region.fields.start < tree.fields.start {
      tree.fields.left = remove(region, from: tree.fields.left)
    } else {
      tree.fields.right = remove(region, from: tree.fields.right)
    }
    return balance(tree)
  }

  private static func leftmost(_ tree: RegionReference) -> RegionReference {
    var tree = tree
    while let left = tree.fields.left { tree = left }
    return tree
  }

  private static func removeLeftmost(_ tree: RegionReference) -> RegionReference? {
    guard let left = tree.fields.left else { return tree.fields.right }
    tree.fields.left = removeLeftmost(left)
    return balance(tree)
  }

  /// Puts right a tree whose parts are right and differ by two at most.
  private static func balance(_ tree: RegionReference) -> RegionReference {
    let (left, right) = (height(tree.fields.left), height(tree.fields.right))
    if left > right + 1, let child = tree.fields.left {
      if height(child.fields.left) < height(child.fields.right) { tree.fields.left = rotateLeft(child) }
      return rotateRight(tree)
    }
    if right > left + 1, let child = tree.fields.right {
      if height(child.fields.right) < height(child.fields.left) { tree.fields.right = rotateRight(child) }
      return rotateLeft(tree)
    }
    tree.fields.height = max(left, right) + 1
    return tree
  }

  private static func rotateLeft(_ tree: RegionReference) -> RegionReference {
    guard let child = tree.fields.right else { return tree }
    tree.fields.right = child.fields.left
    child.fields.left = tree
    measure(tree)
    measure(child)
    return child
  }

  private static func rotateRight(_ tree: RegionReference) -> RegionReference {
    guard let child = tree.fields.left else { return tree }
    tree.fields.left = child.fields.right
    child.fields.right = tree
    measure(tree)
    measure(child)
    return child
  }

  private static func measure(_ tree: RegionReference) {
    tree.fields.height = max(height(tree.fields.left), height(tree.fields.right)) + 1
  }

  /// Whether every height is what it says and no two neighbours differ by more than one; for tests.
  static func isBalanced(_ tree: RegionReference?) -> Bool {
    guard let tree else { return true }
    let (left, right) = (height(tree.fields.left), height(tree.fields.right))
    return abs(left - right) <= 1 && tree.fields.height == max(left, right) + 1
      && isBalanced(tree.fields.left) && isBalanced(tree.fields.right)
  }
}

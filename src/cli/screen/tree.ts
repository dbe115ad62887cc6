export interface TreeNode {
  readonly label: string
  readonly children: readonly TreeNode[]
}

/** A tree with box characters: the root first, each child below its parent. */
export function renderTree(root: TreeNode): string {
  return [root.label, ...branches(root.children, '')].join('\n')
}

function branches(children: readonly TreeNode[], indent: string): readonly string[] {
  return children.flatMap((child, index) => {
    const last = index === children.length - 1
    return [
      `${indent}${last ? '└── ' : '├── '}${child.label}`,
      ...branches(child.children, `${indent}${last ? '    ' : '│   '}`),
    ]
  })
}

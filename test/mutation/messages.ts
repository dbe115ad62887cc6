import ts from 'typescript'
import type { Source } from './source.js'

/**
 * Functions that take a text for people and put it into a refusal; `refuse` takes it after the code.
 */
const REFUSERS = new Set(['malformed', 'notAServiceAccount', 'notBound', 'refuseKey'])

/**
 * Whether a mutant changes nothing but a text for people: a string, template or object of strings
 * that is an argument of `refuse` after the code, of one of REFUSERS, or of an error's constructor.
 * Tests assert codes, not prose. What chooses between two texts, and what goes into them, is not a
 * text and is mutated.
 */
export function messageTexts(
  sources: readonly Source[],
): (file: string, kind: string, from: number) => boolean {
  const texts = new Map(sources.map(({ file, content }) => [file, textsOf(file, content)]))
  return (file, kind, from) =>
    (kind === 'StringLiteral' || kind === 'ObjectLiteral') && texts.get(file)?.has(from) === true
}

function textsOf(file: string, content: string): ReadonlySet<number> {
  const tree = ts.createSourceFile(file, content, ts.ScriptTarget.ES2022, true)
  const found = new Set<number>()
  const visit = (node: ts.Node, isMessage: boolean): void => {
    if (isMessage && (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node))) {
      found.add(node.getStart())
    }
    if (isMessage && ts.isObjectLiteralExpression(node)) found.add(node.getStart())
    node.forEachChild((child) => visit(child, carries(node, child, isMessage)))
  }
  visit(tree, false)
  return found
}

/** Whether what `child` says ends in a message. */
function carries(node: ts.Node, child: ts.Node, isMessage: boolean): boolean {
  if (ts.isCallExpression(node) || ts.isNewExpression(node)) {
    const at = (node.arguments ?? ts.factory.createNodeArray()).indexOf(child as ts.Expression)
    if (at === -1) return false
    const called = node.expression.getText()
    if (ts.isNewExpression(node)) return called.endsWith('Error') || called === 'BadKeySet'
    return (called === 'refuse' && at > 0) || REFUSERS.has(called)
  }
  // The condition of a choice is behaviour; its two outcomes are texts still.
  if (ts.isConditionalExpression(node)) return isMessage && child !== node.condition
  if (ts.isBinaryExpression(node)) return false
  return isMessage && !ts.isFunctionLike(node)
}

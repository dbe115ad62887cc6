// The same program, in JavaScript, that says where it goes, what it compares and which words it knows.
// What it calls is in engine/coverage.ts.
import ts from 'typescript'

const options = { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext }
const ours = { ...options, verbatimModuleSyntax: true, inlineSourceMap: true }
const libraries = { ...options, allowJs: true }

export function counting(fileName, text) {
  const compilerOptions = fileName.endsWith('.ts') ? ours : libraries
  const transformers = { before: [countBranches] }
  return ts.transpileModule(text, { fileName, compilerOptions, transformers }).outputText
}

const COVERAGE = 'capstanCoverage'
const TICKS = '$ticks'

/** A transformer: one counter for every way that a condition, a loop, a case or a call can go. */
const countBranches = (context) => (file) => {
  const { factory } = context
  const words = new Set()
  // What a library compares is seldom what stands in the input, and far too much.
  const isOwn = file.fileName.endsWith('.ts')
  let count = 0

  const name = (text) => factory.createIdentifier(text)
  const tick = () =>
    factory.createPostfixIncrement(factory.createElementAccessExpression(name(TICKS), count++))
  const tickLine = () => factory.createExpressionStatement(tick())
  const counted = (expression) =>
    factory.createParenthesizedExpression(factory.createComma(tick(), expression))
  const block = (statement) =>
    ts.isBlock(statement)
      ? factory.updateBlock(statement, [tickLine(), ...statement.statements])
      : factory.createBlock([tickLine(), statement])
  const ask = (member, ...args) =>
    factory.createCallExpression(
      factory.createPropertyAccessExpression(
        factory.createPropertyAccessExpression(name('globalThis'), COVERAGE),
        member,
      ),
      undefined,
      args,
    )

  function visit(original) {
    note(original, words)
    const node = ts.visitEachChild(original, visit, context)
    switch (node.kind) {
      case ts.SyntaxKind.IfStatement:
        return factory.updateIfStatement(
          node,
          node.expression,
          block(node.thenStatement),
          block(node.elseStatement ?? factory.createBlock([])),
        )
      case ts.SyntaxKind.ConditionalExpression:
        return factory.updateConditionalExpression(
          node,
          node.condition,
          node.questionToken,
          counted(node.whenTrue),
          node.colonToken,
          counted(node.whenFalse),
        )
      case ts.SyntaxKind.BinaryExpression:
        return binary(node)
      case ts.SyntaxKind.SwitchStatement: {
        if (!isOwn) return node
        const cases = node.caseBlock.clauses.filter((clause) => isWord(clause.expression))
        const list = factory.createArrayLiteralExpression(cases.map((clause) => clause.expression))
        const chosen = ask('switched', node.expression, list)
        return factory.updateSwitchStatement(node, chosen, node.caseBlock)
      }
      case ts.SyntaxKind.CaseClause:
        return factory.updateCaseClause(node, node.expression, [tickLine(), ...node.statements])
      case ts.SyntaxKind.DefaultClause:
        return factory.updateDefaultClause(node, [tickLine(), ...node.statements])
      case ts.SyntaxKind.CatchClause:
        return factory.updateCatchClause(node, node.variableDeclaration, block(node.block))
      case ts.SyntaxKind.ForStatement:
        return factory.updateForStatement(
          node,
          node.initializer,
          node.condition,
          node.incrementor,
          block(node.statement),
        )
      case ts.SyntaxKind.ForOfStatement:
        return factory.updateForOfStatement(
          node,
          node.awaitModifier,
          node.initializer,
          node.expression,
          block(node.statement),
        )
      case ts.SyntaxKind.ForInStatement:
        return factory.updateForInStatement(
          node,
          node.initializer,
          node.expression,
          block(node.statement),
        )
      case ts.SyntaxKind.WhileStatement:
        return factory.updateWhileStatement(node, node.expression, block(node.statement))
      case ts.SyntaxKind.ArrowFunction:
        return factory.updateArrowFunction(
          node,
          node.modifiers,
          node.typeParameters,
          node.parameters,
          node.type,
          node.equalsGreaterThanToken,
          ts.isBlock(node.body) ? block(node.body) : counted(node.body),
        )
      case ts.SyntaxKind.Block:
        return isBody(original) ? block(node) : node
      default:
        return node
    }
  }

  function binary(node) {
    const { left, operatorToken, right } = node
    switch (operatorToken.kind) {
      case ts.SyntaxKind.AmpersandAmpersandToken:
      case ts.SyntaxKind.BarBarToken:
      case ts.SyntaxKind.QuestionQuestionToken:
        return factory.updateBinaryExpression(node, left, operatorToken, counted(right))
      case ts.SyntaxKind.EqualsEqualsEqualsToken:
      case ts.SyntaxKind.ExclamationEqualsEqualsToken: {
        if (!isOwn || isPlain(left) || isPlain(right)) return node
        const same = ask('same', left, right)
        const isEqual = operatorToken.kind === ts.SyntaxKind.EqualsEqualsEqualsToken
        return isEqual ? same : factory.createLogicalNot(same)
      }
      default:
        return node
    }
  }

  const body = ts.visitEachChild(file, visit, context)
  const list = factory.createArrayLiteralExpression(
    [...words].map((word) => factory.createStringLiteral(word)),
  )
  const register = factory.createVariableStatement(
    undefined,
    factory.createVariableDeclarationList(
      [
        factory.createVariableDeclaration(
          TICKS,
          undefined,
          undefined,
          ask(
            'register',
            factory.createNumericLiteral(count),
            list,
            isOwn ? factory.createTrue() : factory.createFalse(),
          ),
        ),
      ],
      ts.NodeFlags.Const,
    ),
  )
  return factory.updateSourceFile(body, [...directives(body), register, ...rest(body)])
}

const isDirective = (statement) =>
  ts.isExpressionStatement(statement) && ts.isStringLiteral(statement.expression)
const directives = (file) => file.statements.filter(isDirective)
const rest = (file) => file.statements.filter((statement) => !isDirective(statement))

/** The body of a function that is no arrow. */
const isBody = (node) =>
  node.parent !== undefined &&
  ts.isFunctionLike(node.parent) &&
  !ts.isArrowFunction(node.parent) &&
  node.parent.body === node

const isWord = (node) =>
  node !== undefined && (ts.isStringLiteralLike(node) || ts.isNumericLiteral(node))

/** Compared with nothing that an input could be made to hold. */
const isPlain = (node) =>
  ts.isTypeOfExpression(node) ||
  node.kind === ts.SyntaxKind.NullKeyword ||
  node.kind === ts.SyntaxKind.TrueKeyword ||
  node.kind === ts.SyntaxKind.FalseKeyword ||
  (ts.isIdentifier(node) && node.text === 'undefined')

/** Text and names of members that stand in the source: what a good input may well hold. */
function note(node, words) {
  const isText =
    ts.isStringLiteralLike(node) &&
    node.parent !== undefined &&
    !ts.isImportDeclaration(node.parent)
  const isMember =
    ts.isIdentifier(node) &&
    node.parent !== undefined &&
    (ts.isPropertyAssignment(node.parent) || ts.isPropertySignature(node.parent)) &&
    node.parent.name === node
  if ((isText || isMember) && node.text.length > 1 && node.text.length <= 64) words.add(node.text)
}
